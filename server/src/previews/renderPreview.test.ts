import { execFileSync } from "node:child_process";
import { deflateRawSync } from "node:zlib";
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJail } from "../adapters/jail/jail.ts";
import { createOffice } from "../adapters/office/office.pdf.ts";
import { createPages } from "../adapters/pages/pages.renderer.ts";
import { sampleDocx, samplePdf, samplePng, sampleXlsx } from "../adapters/pages/samples.ts";
import type { PreviewFormat } from "./preview.formats.ts";
import { renderPreview, type RenderOrder } from "./renderPreview.ts";

const jail = await createJail();
const converters = { office: createOffice({ jail }), pages: createPages({ jail }) };
const missing = [await converters.office.missing(), await converters.pages.missing()].filter(Boolean).join("; ");

// Real converters or nothing: without them the name says what to install.
describe.skipIf(missing)(`previews in a jail (${jail.kind}) ${missing}`, { timeout: 120_000 }, () => {
  let root: string;
  let count = 0;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "kontor-render-"));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  async function orderFor(body: Uint8Array | string, format: PreviewFormat, more: Partial<RenderOrder> = {}) {
    const workDirectory = join(root, String(++count));
    await mkdir(workDirectory);
    const path = join(workDirectory, "body");
    await writeFile(path, body);
    const limits = { timeoutMs: 60_000, maxBytes: 200 * 1024 ** 2, maxImages: 60 };
    return { body: path, format, workDirectory, ...limits, ...more };
  }
  const render = async (body: Uint8Array | string, format: PreviewFormat, more: Partial<RenderOrder> = {}) =>
    renderPreview(await orderFor(body, format, more), converters);

  it("makes a PDF, page images and a thumbnail of a .docx", async () => {
    const made = await render(await sampleDocx(), "docx");
    expect(made.pages).toBeGreaterThan(2);
    expect(made.images).toHaveLength(made.pages);
    expect(made.pageSizes).toHaveLength(made.pages);
    expect(made.pageSizes[0]?.width).toBeCloseTo(595.3, 0);
    expect((await readFile(made.pdf ?? "")).subarray(0, 5).toString()).toBe("%PDF-");
    expect(execFileSync("pdftotext", [made.pdf ?? "", "-"]).toString()).toContain("Стороны договорились");

    const first = await sharp(made.images[0]).stats();
    expect((await sharp(made.images[0]).metadata()).width).toBe(1100);
    expect(first.entropy).toBeGreaterThan(0.1); // something is drawn
    const thumbnail = await sharp(made.thumbnail).metadata();
    expect(Math.max(thumbnail.width, thumbnail.height)).toBe(264);
  });

  it("makes a PDF of an .xlsx", async () => {
    const made = await render(await sampleXlsx(), "xlsx");
    expect(made.pages).toBeGreaterThan(0);
    expect(execFileSync("pdftotext", [made.pdf ?? "", "-"]).toString()).toContain("Row 60");
  });

  it("shows a PDF itself, and draws no more pages than it is asked to", async () => {
    const made = await render(await samplePdf({ pages: 12 }), "pdf", { maxImages: 10 });
    expect(made).toMatchObject({ pages: 12 });
    expect(made.images.map((path) => /page-(\d+)/.exec(path)?.[1])).toEqual(
      Array.from({ length: 10 }, (_, at) => String(at + 1).padStart(2, "0")),
    );
  });

  it("bounds the picture of a page that is a hundred times longer than wide", async () => {
    const made = await render(await samplePdf({ pages: 1, size: [72, 7200] }), "pdf");
    expect((await sharp(made.images[0]).metadata()).height).toBe(4400);
  });

  it("shows a picture, transparent parts white, and makes no small one larger", async () => {
    const made = await render(await samplePng(), "image");
    expect(made.pdf).toBeUndefined();
    expect(made).toMatchObject({ pages: 1, pageSizes: [{ width: 1600, height: 900 }] });
    expect((await sharp(made.images[0]).metadata()).width).toBe(1100);
    const small = await render(await samplePng(20, 10), "image");
    expect((await sharp(small.images[0]).metadata()).width).toBe(20);
  });

  describe("bad input gets its reason", () => {
    const reason = (of: string) => ({ name: "PreviewFailure", reason: of });

    it("a .docx that is something else", async () => {
      await expect(render("this is no archive", "docx")).rejects.toMatchObject(reason("notADocument"));
      await expect(render(zip([{ name: "readme.txt", data: Buffer.from("x") }]), "docx")).rejects.toMatchObject(
        reason("notADocument"),
      );
    });

    it("a .docx whose archive is right and whose content is rubbish", async () => {
      const body = zip([
        { name: "[Content_Types].xml", data: Buffer.from("<rubbish") },
        { name: "word/document.xml", data: Buffer.from([0, 1, 2, 3]) },
      ]);
      await expect(render(body, "docx")).rejects.toMatchObject(reason("notADocument"));
    });

    it("a torn .docx and a torn PDF", async () => {
      const docx = await sampleDocx();
      await expect(render(docx.subarray(0, docx.length / 2), "docx")).rejects.toMatchObject(reason("notADocument"));
      await expect(render("%PDF-1.7 torn", "pdf")).rejects.toMatchObject(reason("notADocument"));
    });

    it("encrypted: a .docx with a password (a compound file), and a PDF", async () => {
      const compound = Buffer.concat([
        Buffer.from("d0cf11e0a1b11ae1", "hex"),
        Buffer.alloc(1_048_560), // the name lies across two reads
        Buffer.from("EncryptedPackage\0", "utf16le"),
      ]);
      await expect(render(compound, "compound")).rejects.toMatchObject(reason("encrypted"));
      await expect(render(await samplePdf({ password: "secret" }), "pdf")).rejects.toMatchObject(reason("encrypted"));
    });

    it("empty", async () => {
      await expect(render("", "docx")).rejects.toMatchObject(reason("empty"));
    });

    it("a zip bomb that admits it, and one that lies about its size", async () => {
      const zeros = Buffer.alloc(100 * 1024 ** 2);
      const honest = zip([
        { name: "[Content_Types].xml", data: Buffer.from("x") },
        ...Array.from({ length: 12 }, (_, at) => ({ name: `word/${at}.xml`, data: zeros })),
      ]);
      expect(honest.length).toBeLessThan(3 * 1024 ** 2);
      await expect(render(honest, "docx")).rejects.toMatchObject(reason("bomb"));
      const lying = zip([{ name: "[Content_Types].xml", data: zeros, declared: 10 }]);
      await expect(render(lying, "docx")).rejects.toMatchObject({ name: "PreviewFailure" });
    });

    it("a picture bomb", async () => {
      const huge = await sharp({ create: { width: 16_000, height: 16_000, channels: 3, background: "#fff" } })
        .png({ compressionLevel: 9 })
        .toBuffer();
      await expect(render(huge, "image")).rejects.toMatchObject(reason("bomb"));
    });

    it("a damaged picture", async () => {
      await expect(render("\x89PNG\r\n\x1a\nrubbish", "image")).rejects.toMatchObject(reason("notADocument"));
    });

    it("300 MB", async () => {
      const order = await orderFor("PK", "docx");
      await truncate(order.body, 300 * 1024 ** 2);
      await expect(renderPreview(order, converters)).rejects.toMatchObject(reason("tooLarge"));
    });

    it("too slow, and nothing of the converter is left running", async () => {
      const order = await orderFor(await sampleDocx(), "docx", { timeoutMs: 150 });
      await expect(renderPreview(order, converters)).rejects.toMatchObject(reason("timeout"));
      // The kernel ends the tree in its own time, some milliseconds after the jail's own end.
      const processes = () => execFileSync("ps", ["-eo", "args"]).toString().split("\n");
      await expect
        .poll(() => processes().filter((line) => line.includes(order.workDirectory)), { timeout: 5_000 })
        .toEqual([]);
    });
  });

  it.skipIf(jail.kind !== "bubblewrap")("does not follow a document's links to files of the server", async () => {
    const secret = join(root, "secret.png");
    await writeFile(secret, await samplePng(300, 300));
    const html = `<html><body><p>text</p><img src="file://${secret}"></body></html>`;
    const order = await orderFor(html, "doc"); // LibreOffice opens HTML under any name
    const made = await renderPreview(order, converters);
    const images = execFileSync("pdfimages", ["-list", made.pdf ?? ""])
      .toString()
      .trim()
      .split("\n")
      .slice(2);
    expect(images).toEqual([]);
  });
});

interface ZipEntry {
  readonly name: string;
  readonly data: Buffer;
  readonly declared?: number;
}

/** Just enough of a zip writer to lie with it. */
function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, declared = data.length } of entries) {
    const packed = deflateRawSync(data, { level: 9 });
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(8, 4);
    head.writeUInt32LE(crc32(data), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(declared, 18);
    head.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), head, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00", "latin1"), head, tail, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

// The checksum is not what these tests are about; yauzl does not check it.
const crc32 = (_data: Buffer) => 0;

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#testing";
import { sampleDocx, samplePdf, samplePng } from "../../src/adapters/pages/samples.ts";
import { Client, seedPeople, sha256Of, startServer, type ServerProcess } from "./serverProcess.ts";

const MB = 1024 ** 2;
const PREVIEW = { timeout: 180_000, interval: 100 };

describe("files on a running server", { timeout: 240_000 }, () => {
  let test: TestDatabase;
  let dataDirectory: string;
  let server: ServerProcess;
  let ivan: Client;
  let olga: Client;
  let stranger: Client;
  let contract: string;

  async function start() {
    server = await startServer({ databaseUrl: test.url, dataDirectory });
    [ivan, olga, stranger] = (await Promise.all(
      ["ivan", "olga", "stranger"].map((login) => Client.signIn(server.url, login)),
    )) as [Client, Client, Client];
  }

  beforeAll(async () => {
    test = await createTestDatabase();
    await seedPeople(test);
    dataDirectory = await mkdtemp(join(tmpdir(), "kontor-files-"));
    await chmod(dataDirectory, 0o755);
    await start();
    contract = await ivan.createContract();
  });
  afterAll(async () => {
    await server?.stop();
    await test?.drop();
    await rm(dataDirectory, { recursive: true, force: true });
  });

  it("takes a .docx, keeps it byte for byte, and shows it as PDF, page images and thumbnail", async () => {
    const body = await sampleDocx();
    const { id } = await ivan.upload(contract, { name: "Договор поставки.docx", body });
    const file = await ivan.file(id);
    expect(file).toMatchObject({ state: "stored", sha256: sha256Of(body), size: body.length });
    expect(file.mime).toBe("application/vnd.openxmlformats-officedocument.wordprocessingml.document");

    const content = await ivan.fetch(`/api/files/${id}/content`);
    expect(Buffer.from(await content.arrayBuffer()).equals(body)).toBe(true);
    expect(content.headers.get("content-disposition")).toContain(`attachment; filename=`);
    expect(content.headers.get("content-disposition")).toContain(encodeURIComponent("Договор поставки.docx"));
    expect(content.headers.get("x-content-type-options")).toBe("nosniff");
    expect(content.headers.get("content-security-policy")).toMatch(/^sandbox/);

    await expect.poll(async () => (await ivan.file(id)).previewState, PREVIEW).toBe("ready");
    const ready = await ivan.file(id);
    expect(ready.pages).toBeGreaterThan(2);
    expect(ready.pageImages).toBe(ready.pages);
    expect(ready.pageSizes).toHaveLength(ready.pages ?? -1);
    const pdf = await ivan.fetch(`/api/files/${id}/preview/document.pdf`);
    expect(pdf.headers.get("content-type")).toBe("application/pdf");
    expect((await pdf.text()).slice(0, 5)).toBe("%PDF-");
    for (const path of ["pages/1", `pages/${ready.pages}`, "thumbnail"]) {
      const image = await ivan.fetch(`/api/files/${id}/preview/${path}`);
      expect(image.headers.get("content-type")).toBe("image/jpeg");
      expect(
        Buffer.from(await image.arrayBuffer())
          .subarray(0, 3)
          .toString("hex"),
      ).toBe("ffd8ff");
    }
    expect((await ivan.fetch(`/api/files/${id}/preview/pages/999`)).status).toBe(404);
  });

  it("shows a file only to those who see its record, and one answer tells the others nothing", async () => {
    const { id } = await ivan.upload(contract, { name: "note.txt", body: Buffer.from("for us alone") });
    const missing = await stranger.fetch("/api/files/018f0000-0000-7000-8000-000000000001/content");
    const hidden = await stranger.fetch(`/api/files/${id}/content`);
    expect([missing.status, hidden.status]).toEqual([404, 404]);
    const { requestId: _, ...words } = (await hidden.json()) as Record<string, unknown>;
    expect(words).toMatchObject({ reason: "file.notFound" });
    for (const path of ["", "/preview/thumbnail", "/preview/document.pdf", "/preview/pages/1"]) {
      expect((await stranger.fetch(`/api/files/${id}${path}`)).status).toBe(404);
    }
    expect((await fetch(`${server.url}/api/files/${id}/content`)).status).toBe(401);
    await expect(stranger.attach(contract, { name: "x.txt", body: Buffer.from("x") })).rejects.toThrow(/404/);
  });

  it("renames, detaches and restores, and keeps the body meanwhile", async () => {
    const { id } = await ivan.upload(contract, { name: "a.txt", body: Buffer.from("body") });
    await ivan.json("PATCH", `/api/files/${id}`, { name: "b.txt" });
    expect((await ivan.file(id)).name).toBe("b.txt");
    await ivan.json("DELETE", `/api/files/${id}`);
    expect((await ivan.fetch(`/api/files/${id}`)).status).toBe(404);
    await ivan.json("POST", `/api/files/${id}/restore`);
    expect(await (await ivan.fetch(`/api/files/${id}/content`)).text()).toBe("body");
    await expect(ivan.json("PATCH", `/api/files/${id}`, { name: "../x" })).rejects.toThrow(/422/);
    const { history } = await ivan.json<{ history: { kind: string; file?: { id: string; act: string } }[] }>(
      "GET",
      `/api/records/${contract}/history`,
    );
    const acts = history.filter((entry) => entry.file?.id === id).map((entry) => entry.file?.act);
    expect(acts).toEqual(["attached", "renamed", "detached", "restored"]);
  });

  it("refuses an ending that the field does not take", async () => {
    const announced = { field: "document", name: "virus.exe", size: 1, sha256: "a".repeat(64) };
    await expect(ivan.json("POST", `/api/records/${contract}/files`, announced)).rejects.toThrow(/file\.kind/);
  });

  it("answers ranges, conditions and HEAD as RFC 9110 says", async () => {
    const { id } = await ivan.upload(contract, { name: "digits.bin", body: Buffer.from("0123456789") });
    const get = (headers: Record<string, string>, method = "GET") =>
      ivan.fetch(`/api/files/${id}/content`, { method, headers });
    const text = async (range: string) => {
      const answer = await get({ range });
      return [answer.status, answer.headers.get("content-range"), await answer.text()];
    };
    expect(await text("bytes=2-5")).toEqual([206, "bytes 2-5/10", "2345"]);
    expect(await text("bytes=7-")).toEqual([206, "bytes 7-9/10", "789"]);
    expect(await text("bytes=-3")).toEqual([206, "bytes 7-9/10", "789"]);
    expect(await text("bytes=5-99")).toEqual([206, "bytes 5-9/10", "56789"]);
    expect((await text("bytes=10-")).slice(0, 2)).toEqual([416, "bytes */10"]);
    expect((await text("bytes=-0")).slice(0, 2)).toEqual([416, "bytes */10"]);
    expect(await text("bytes=0-1,4-5")).toEqual([200, null, "0123456789"]);
    expect(await text("bytes=5-2")).toEqual([200, null, "0123456789"]);
    const etag = `"${sha256Of(Buffer.from("0123456789"))}"`;
    expect((await get({ "if-none-match": etag })).status).toBe(304);
    expect((await get({ range: "bytes=1-1", "if-range": etag })).status).toBe(206);
    expect((await get({ range: "bytes=1-1", "if-range": '"other"' })).status).toBe(200);
    const head = await get({}, "HEAD");
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
  });

  it("never lets a browser run what somebody uploaded", async () => {
    const html = Buffer.from("<html><script>alert(1)</script></html>");
    for (const name of ["page.html", "picture.svg", "looks-like.pdf"]) {
      const { id } = await ivan.upload(contract, { name, body: html });
      const answer = await ivan.fetch(`/api/files/${id}/content`);
      expect(answer.headers.get("content-type")).toBe("application/octet-stream");
      expect(answer.headers.get("content-disposition")).toMatch(/^attachment/);
      await answer.arrayBuffer();
    }
  });

  describe("signed addresses", () => {
    let id: string;
    const sign = (client: Client, body: object = {}) =>
      client.json<{ url: string; expiresAt: string }>("POST", `/api/files/${id}/url`, body);
    beforeAll(async () => {
      id = (await ivan.upload(contract, { name: "picture.png", body: await samplePng() })).id;
    });

    it("work without a token, for what they were made for, with ranges", async () => {
      const { url, expiresAt } = await sign(ivan);
      expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(5 * 60_000);
      const answer = await fetch(server.url + url, { headers: { range: "bytes=1-3" } });
      expect([answer.status, await answer.text()]).toEqual([206, "PNG"]);
      expect(answer.headers.get("content-type")).toBe("image/png");
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
      expect(answer.headers.get("set-cookie")).toBeNull();
    });

    it("are void when a character of them is changed", async () => {
      const { url } = await sign(ivan);
      const ticket = url.slice("/f/".length);
      const payload = JSON.parse(Buffer.from(ticket.split(".")[0] ?? "", "base64url").toString());
      const later = Buffer.from(JSON.stringify({ ...payload, expires: payload.expires + 1 })).toString("base64url");
      const forged = [
        `${later}.${ticket.split(".")[1]}`,
        `${ticket.split(".")[0]}.`,
        `${ticket}x`,
        ticket.replace(/.$/, (char) => (char === "A" ? "B" : "A")),
        "nonsense",
      ];
      for (const each of forged) expect([each, (await fetch(`${server.url}/f/${each}`)).status]).toEqual([each, 404]);
    });

    it("end with the rights of the one they were made for", async () => {
      const { url } = await sign(ivan);
      expect((await fetch(server.url + url)).status).toBe(200);
      await ivan.json("DELETE", `/api/files/${id}`);
      expect((await fetch(server.url + url)).status).toBe(404);
      await ivan.json("POST", `/api/files/${id}/restore`);
      await expect(sign(stranger)).rejects.toThrow(/404/);
    });
  });

  describe("uploads (tus)", () => {
    it("go on where they were cut off", async () => {
      const body = randomBytes(3 * MB);
      const file = await ivan.attach(contract, { name: "big.bin", body });
      const created = await ivan.beginUpload(file);
      expect([created.status, created.headers.get("location")]).toEqual([201, `/api/uploads/${file.id}`]);
      expect((await ivan.send(file.id, 0, body.subarray(0, MB))).headers.get("upload-offset")).toBe(String(MB));
      expect(await ivan.offsetOf(file.id)).toEqual({ status: 200, offset: MB });
      expect((await ivan.send(file.id, 0, body)).status).toBe(409);
      // Created once more by a client that lost our answer: the bytes are still there.
      await ivan.beginUpload(file);
      expect(await ivan.offsetOf(file.id)).toEqual({ status: 200, offset: MB });
      expect((await ivan.send(file.id, MB, body.subarray(MB))).status).toBe(204);
      expect(await ivan.file(file.id)).toMatchObject({ state: "stored", previewState: "none" });
      expect(await ivan.offsetOf(file.id)).toEqual({ status: 200, offset: 3 * MB });
      expect(await readdir(join(dataDirectory, "uploads"))).toEqual([]);
    });

    it("are nobody's business but their owner's", async () => {
      const body = randomBytes(1000);
      const file = await ivan.attach(contract, { name: "mine.bin", body });
      expect((await olga.beginUpload(file)).status).toBe(404);
      await ivan.beginUpload(file);
      expect((await olga.offsetOf(file.id)).status).toBe(404);
      expect((await olga.send(file.id, 0, body)).status).toBe(404);
      const anonymous = await fetch(`${server.url}/api/uploads/${file.id}`, { method: "HEAD" });
      expect(anonymous.status).toBe(401);
      expect(await ivan.offsetOf(file.id)).toEqual({ status: 200, offset: 0 });
    });

    it("refuse a size other than the one announced, and more bytes than that", async () => {
      const file = await ivan.attach(contract, { name: "s.bin", body: randomBytes(100) });
      expect((await ivan.beginUpload({ ...file, size: 99 })).status).toBe(422);
      await ivan.beginUpload(file);
      expect((await ivan.send(file.id, 0, randomBytes(101))).ok).toBe(false);
      expect((await ivan.file(file.id)).state).toBe("awaiting");
    });

    it("refuse a body that is not the one announced: again from the start, and the third time for good", async () => {
      const body = randomBytes(2000);
      const wrong = randomBytes(2000);
      const file = await ivan.attach(contract, { name: "w.bin", body });
      await ivan.beginUpload(file);
      const first = await ivan.send(file.id, 0, wrong);
      expect([first.status, await first.json()]).toMatchObject([409, { reason: "upload.checksumMismatch" }]);
      expect(await ivan.offsetOf(file.id)).toEqual({ status: 200, offset: 0 });
      expect((await ivan.send(file.id, 0, body)).status).toBe(204);
      expect((await ivan.file(file.id)).state).toBe("stored");

      const hopeless = await ivan.attach(contract, { name: "h.bin", body });
      await ivan.beginUpload(hopeless);
      for (let time = 1; time <= 3; time++) await ivan.send(hopeless.id, 0, wrong);
      expect(await ivan.file(hopeless.id)).toMatchObject({ state: "refused", refusal: "checksumMismatch" });
    });

    it("keep what came before kill -9, and finish after it", async () => {
      const body = randomBytes(8 * MB);
      const file = await ivan.attach(contract, { name: "killed.bin", body });
      await ivan.beginUpload(file);
      let cut: () => void = () => undefined;
      const arrived = new Promise<void>((resolve) => (cut = resolve));
      const slow = new ReadableStream({
        async start(stream) {
          stream.enqueue(body.subarray(0, 5 * MB));
          await arrived; // the rest never comes
          stream.error(new Error("cut"));
        },
      });
      const sending = ivan.send(file.id, 0, slow).catch(() => undefined);
      const part = join(dataDirectory, "uploads", file.id);
      const partSize = () => Number(execFileSync("stat", ["-c", "%s", part]));
      await expect.poll(partSize, { timeout: 10_000 }).toBeGreaterThan(4 * MB);
      await server.kill();
      cut();
      await sending;
      await start();
      const { offset } = await ivan.offsetOf(file.id);
      expect(offset).toBeGreaterThan(4 * MB);
      expect((await ivan.send(file.id, offset, body.subarray(offset))).status).toBe(204);
      const read = await ivan.fetch(`/api/files/${file.id}/content`);
      expect(sha256Of(Buffer.from(await read.arrayBuffer()))).toBe(file.sha256);
    });
  });

  describe("previews", () => {
    it("say why there is none, and keep the file", async () => {
      const cases = [
        { name: "not-really.docx", body: Buffer.from("plain text"), reason: "notADocument" },
        { name: "empty.docx", body: Buffer.alloc(0), reason: "empty" },
        { name: "secret.pdf", body: await samplePdf({ password: "x" }), reason: "encrypted" },
        { name: "torn.docx", body: (await sampleDocx()).subarray(0, 4000), reason: "notADocument" },
      ];
      for (const { name, body, reason } of cases) {
        const { id } = await ivan.upload(contract, { name, body });
        await expect
          .poll(async () => [name, (await ivan.file(id)).previewState, (await ivan.file(id)).previewReason], PREVIEW)
          .toEqual([name, "failed", reason]);
        expect((await (await ivan.fetch(`/api/files/${id}/content`)).arrayBuffer()).byteLength).toBe(body.length);
      }
    });

    it("are made once for equal files", async () => {
      const body = await samplePdf({ pages: 2 });
      const [a, b] = await Promise.all(["a.pdf", "b.pdf"].map((name) => ivan.upload(contract, { name, body })));
      for (const file of [a, b]) {
        await expect.poll(async () => (await ivan.file(file?.id ?? "")).previewState, PREVIEW).toBe("ready");
      }
      const c = await ivan.upload(contract, { name: "c.pdf", body });
      expect(await ivan.file(c.id)).toMatchObject({ previewState: "ready", pages: 2, pdfSha256: sha256Of(body) });
      const made = server
        .log()
        .split("\n")
        .filter((line) => line.includes("preview made") && line.includes(sha256Of(body)));
      expect(made).toHaveLength(1);
    });

    it("are made after kill -9 in the middle of making them", async () => {
      const { id } = await ivan.upload(contract, { name: "long.docx", body: await sampleDocx({ paragraphs: 2000 }) });
      const scratch = join(dataDirectory, "scratch");
      const isWork = (name: string) => !name.startsWith("preview-spare-");
      const working = async () => (await readdir(scratch).catch(() => [])).filter(isWork).length;
      await expect.poll(working, { timeout: 20_000, interval: 10 }).toBeGreaterThan(0);
      await server.kill();
      // JAIL-4: the converter dies with the server.
      const converters = () =>
        execFileSync("ps", ["-eo", "args"])
          .toString()
          .split("\n")
          .filter((line) => line.includes(scratch));
      await expect.poll(converters, { timeout: 5_000 }).toEqual([]);
      await start();
      expect((await ivan.file(id)).previewState).not.toBe("failed");
      await expect.poll(async () => (await ivan.file(id)).previewState, PREVIEW).toBe("ready");
      await expect.poll(working, { timeout: 5_000 }).toBe(0);
    });
  });
});

const canMount = process.platform === "linux" && process.getuid?.() === 0;
// Only root can mount the tiny file system that is filled here.
describe.skipIf(!canMount)("a full disk in the middle of an upload", { timeout: 120_000 }, () => {
  it("is told as 507 in words, nothing is lost, and the upload goes on when there is room", async () => {
    const test = await createTestDatabase();
    await seedPeople(test);
    const dataDirectory = await mkdtemp(join(tmpdir(), "kontor-full-"));
    await mkdir(dataDirectory, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m,mode=755", "tmpfs", dataDirectory]);
    const server = await startServer({ databaseUrl: test.url, dataDirectory });
    try {
      const ivan = await Client.signIn(server.url, "ivan");
      const contract = await ivan.createContract();
      const kept = await ivan.upload(contract, { name: "kept.bin", body: randomBytes(MB) });
      const body = randomBytes(8 * MB);
      const file = await ivan.attach(contract, { name: "large.bin", body });
      await ivan.beginUpload(file);
      const answer = await ivan.send(file.id, 0, body);
      expect(answer.status).toBe(507);
      expect(answer.headers.get("content-type")).toContain("application/problem+json");
      expect(await answer.json()).toMatchObject({ reason: "storage.full", detail: "The server's disk is full." });
      expect((await ivan.file(file.id)).state).toBe("awaiting");
      expect((await ivan.fetch(`/api/files/${kept.id}/content`)).status).toBe(200);

      execFileSync("mount", ["-o", "remount,size=32m", dataDirectory]);
      const { offset } = await ivan.offsetOf(file.id);
      expect(offset).toBeGreaterThan(0);
      expect((await ivan.send(file.id, offset, body.subarray(offset))).status).toBe(204);
      const read = await ivan.fetch(`/api/files/${file.id}/content`);
      expect(sha256Of(Buffer.from(await read.arrayBuffer()))).toBe(file.sha256);
    } finally {
      await server.stop();
      execFileSync("umount", [dataDirectory]);
      await rm(dataDirectory, { recursive: true, force: true });
      await test.drop();
    }
  });
});

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createJail } from "../jail/jail.ts";
import { sampleDocx, sampleXlsx } from "../pages/samples.ts";
import { writeProfile } from "./office.profile.ts";
import { createOffice } from "./office.pdf.ts";

const jail = await createJail();
const missing = await createOffice({ jail }).missing();

describe.skipIf(missing)(`LibreOffice that waits for its document ${missing ?? ""}`, { timeout: 120_000 }, () => {
  let root: string;
  let scratchDirectory: string;
  let office: ReturnType<typeof createOffice>;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "kontor-spare-"));
    await chmod(root, 0o711);
    scratchDirectory = join(root, "scratch");
  });
  afterAll(() => rm(root, { recursive: true, force: true }));
  beforeEach(() => {
    office = createOffice({ jail, spares: { count: 1, scratchDirectory } });
  });
  afterEach(() => office.close());

  let madeBy: string | undefined;
  async function convert(name: string, body: Uint8Array | string, timeoutMs = 60_000): Promise<string> {
    const workDirectory = await mkdtemp(join(root, "work-"));
    const source = join(workDirectory, name);
    await writeFile(source, body);
    const pdf = await office.toPdf({ source, workDirectory, timeoutMs });
    madeBy = pdf.endsWith("/converted.pdf") ? "the one that waited" : "one of its own";
    return execFileSync("pdftotext", [pdf, "-"]).toString();
  }
  const processes = () =>
    execFileSync("ps", ["-eo", "args"])
      .toString()
      .split("\n")
      .filter((line) => line.includes(scratchDirectory));

  it("converts as one that was just started does, each document in a process of its own", async () => {
    const docx = await sampleDocx();
    const first = await convert("source.docx", docx);
    expect(madeBy).toBe("one of its own");
    const spares = await readdir(scratchDirectory);
    expect(spares).toHaveLength(1);
    expect(await convert("source.docx", docx)).toBe(first);
    expect(madeBy).toBe("the one that waited");
    const next = await readdir(scratchDirectory);
    expect(next).toHaveLength(1);
    expect(next).not.toEqual(spares);
    expect(await convert("source.xlsx", await sampleXlsx())).toContain("Row 60");
  });

  it("gives the same reasons for what cannot be opened", async () => {
    await convert("source.docx", await sampleDocx());
    await expect(convert("source.docx", Buffer.from("PK\x03\x04 rubbish"))).rejects.toMatchObject({
      reason: "notADocument",
    });
  });

  it("keeps to the time limit, and the next document is converted none the less", async () => {
    const docx = await sampleDocx();
    await convert("source.docx", docx);
    await expect(convert("source.docx", docx, 1)).rejects.toMatchObject({ reason: "timeout" });
    expect(await convert("source.docx", docx)).toContain("Стороны");
  });

  it("leaves nothing behind when it is closed", async () => {
    await convert("source.docx", await sampleDocx());
    expect(await readdir(scratchDirectory)).not.toEqual([]);
    await office.close();
    await expect.poll(processes, { timeout: 5_000 }).toEqual([]);
    expect(await readdir(scratchDirectory)).toEqual([]);
    await mkdir(scratchDirectory, { recursive: true });
  });

  it("ends, its LibreOffice with it, when nobody is there to give it a document", async () => {
    const workDirectory = await mkdtemp(join(scratchDirectory, "orphan-"));
    const profile = join(workDirectory, "profile");
    await writeProfile(profile);
    const listener = fileURLToPath(new URL("./listener.py", import.meta.url));
    // Without a namespace, whose end would be everybody's end.
    const child = await (
      await createJail({ only: "limits" })
    ).start({
      program: "/usr/bin/python3",
      args: [listener, "/usr/bin/soffice", pathToFileURL(profile).href, basename(workDirectory)],
      workDirectory,
      timeoutMs: 60_000,
      memoryBytes: 2 * 1024 ** 3,
      outputBytes: 1024 ** 3,
    });
    const [said] = (await once(child.stdout, "data")) as [Buffer];
    expect(said.toString()).toBe("ready\n");
    child.stdin.end();
    await expect.poll(processes, { timeout: 5_000 }).toEqual([]);
    await rm(workDirectory, { recursive: true, force: true, maxRetries: 5 });
  });

  it("does without, when the waiting one was killed", async () => {
    await convert("source.docx", await sampleDocx());
    await expect.poll(processes, { timeout: 20_000 }).not.toEqual([]);
    for (const pid of execFileSync("pgrep", ["-f", join(scratchDirectory, "preview-spare-")])
      .toString()
      .trim()
      .split("\n")) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It died of the death of another of them.
      }
    }
    expect(await convert("source.docx", await sampleDocx())).toContain("Стороны");
  });
});

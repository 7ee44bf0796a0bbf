import { afterEach, describe, expect, it } from "vitest";
import { createMessageReader, type MessageReader, type MessageReaderOptions } from "./messageReader.ts";
import { readMail } from "./readMail.ts";

const readers: MessageReader[] = [];
afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.stop()));
});
function reader(options: MessageReaderOptions = {}): MessageReader {
  const made = createMessageReader({ largeBytes: 1_000, ...options });
  readers.push(made);
  return made;
}

/** A thread that does this with each message that it is given. */
const doing = (what: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort } from "node:worker_threads";
      parentPort.on("message", (raw) => { ${what} });
      parentPort.postMessage({ kind: "ready" });`)}`,
  );

const file = Buffer.alloc(1_200_000, "x").toString("base64");
const large = Buffer.from(
  `From: X <x@far.example>\r\nSubject: Large\r\nMessage-ID: <1@far.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${file}\r\n--b\r\nContent-Type: application/octet-stream; name=b.bin\r\n\r\n${"y".repeat(100_000)}\r\n--b--\r\n`,
);
const small = Buffer.from("From: x@far.example\r\nSubject: Small\r\n\r\nHello\r\n");

describe("reading messages from outside", () => {
  it("[RDR-1] gives of a large one in a thread what it would give here, and leaves the caller its bytes", async () => {
    const before = Buffer.from(large);
    const read = await reader().read(large);
    expect(large.equals(before)).toBe(true);
    const plain = ({ outcome, bounce }: typeof read) => ({
      bounce,
      outcome:
        outcome.kind === "parsed"
          ? {
              ...outcome.message,
              attachments: outcome.message.attachments.map(({ bytes, ...rest }) => ({
                ...rest,
                bytes: Buffer.from(bytes).toString("latin1"),
              })),
            }
          : outcome,
    });
    expect(plain(read)).toEqual(plain(readMail(large)));
    expect(plain(read).outcome).toMatchObject({ attachments: [{ name: "a.pdf" }, { name: "b.bin" }] });
  });

  it("[RDR-1] reads what is large in the thread, and what is small here", async () => {
    const marked = reader({
      module: doing(
        `parentPort.postMessage({ kind: "read", read: { outcome: { kind: "unreadable", reason: "failed", message: "in the thread" } } })`,
      ),
    });
    expect(await marked.read(small)).toMatchObject({ outcome: { kind: "parsed", message: { subject: "Small" } } });
    expect(await marked.read(large)).toMatchObject({ outcome: { message: "in the thread" } });
  });

  it("[RDR-1] keeps nobody waiting: while a message takes the thread for ever, the server goes on, and small ones are read", async () => {
    const endless = reader({ maxMs: 300, module: doing("for (;;);") });
    const read = endless.read(large);
    let isOver = false;
    void read.then(() => (isOver = true));
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((resolve) => void setImmediate(resolve));
      expect(await endless.read(small)).toMatchObject({ outcome: { kind: "parsed" } });
    }
    expect(isOver).toBe(false);
    expect(await read).toMatchObject({ outcome: { kind: "unreadable", reason: "tooCostly" } });
  });

  it.each([
    ["takes too much memory", "const all = []; for (;;) all.push(new Array(1e5).fill(raw.length));", /memory/],
    ["ends its thread", "process.exit(3);", /ended with 3/],
    ["breaks its thread", "throw new Error('broken');", /broken/],
  ])("[RDR-2] what %s is unreadable, and the next one is read", async (_what, act, words) => {
    const dying = reader({
      maxHeapMb: 32,
      module: doing(`if (raw.length > 1_000_000) { ${act} }
        parentPort.postMessage({ kind: "read", read: { outcome: { kind: "unreadable", reason: "failed", message: "read" } } });`),
    });
    expect(await dying.read(large)).toMatchObject({
      outcome: { kind: "unreadable", reason: "tooCostly", message: expect.stringMatching(words) },
    });
    expect(await dying.read(large.subarray(0, 10_000))).toMatchObject({ outcome: { message: "read" } });
  });

  it("[RDR-3] throws where no thread can be started, where reading fails, and where the server stops", async () => {
    const missing = reader({ module: new URL("file:///nowhere/at/all.ts") });
    await expect(missing.read(large)).rejects.toThrow("no thread can be started");
    const failing = reader({ module: doing(`parentPort.postMessage({ kind: "failed", message: "not today" })`) });
    await expect(failing.read(large)).rejects.toThrow("not today");
    const stopping = reader({ module: doing("for (;;);") });
    const refused = stopping.read(large).catch((error: Error) => error.message);
    await new Promise((resolve) => void setImmediate(resolve));
    await stopping.stop();
    expect(await refused).toMatch("stops");
    await expect(stopping.read(large)).rejects.toThrow("stops");
  });

  it("[RDR-1] reads many large ones that come at once", async () => {
    const many = reader();
    const read = await Promise.all(Array.from({ length: 5 }, () => many.read(large.subarray(0, 5_000))));
    expect(read.map(({ outcome }) => outcome.kind)).toEqual(Array(5).fill("parsed"));
  });
});

import * as fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, it } from "vitest";
import { isMailAddress, type MailAddress } from "@kontor/shared/mail";
import { buildMessage, type OutgoingMessage } from "./buildMessage.ts";
import { parseMessage } from "./parseMessage.ts";
import { redirectMessage } from "./redirectMessage.ts";

const content = (bytes: Uint8Array) => async () =>
  (async function* () {
    yield bytes;
  })();

const plain: OutgoingMessage = {
  messageId: "1@example.com",
  date: new Date("2026-01-05T10:00:00Z"),
  from: { address: "anna@example.com", name: "Anna" },
  to: [{ address: "bert@example.com" }],
  cc: [],
  subject: "Hello",
  text: "Hi",
  attachments: [],
};

async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const built = (message: Partial<OutgoingMessage>) => bytesOf(buildMessage({ ...plain, ...message }));

function parsed(raw: Uint8Array) {
  const outcome = parseMessage(raw);
  if (outcome.kind !== "parsed") throw new Error(outcome.message);
  return outcome.message;
}

/** Fields of the header, unfolded. */
const fieldsOf = (raw: Buffer): readonly string[] =>
  (raw.toString("latin1").split("\r\n\r\n")[0] ?? "").replaceAll(/\r\n[ \t]/g, " ").split("\r\n");

describe("buildMessage", () => {
  it("[BLD-1] the same message is the same bytes", async () => {
    const message = {
      html: "<p>Hi</p>",
      attachments: [{ name: "a.pdf", mime: "application/pdf", inline: false, open: content(Buffer.from("x")) }],
    };
    expect(await built(message)).toEqual(await built(message));
    expect(await built({ ...message, messageId: "2@example.com" })).not.toEqual(await built(message));
  });

  it("no Bcc, whatever it is given", async () => {
    const raw = await built({ ...({ bcc: [{ address: "hidden@example.com" }] } as object) });
    expect(raw.toString()).not.toContain("hidden");
    expect((await built({ to: [], cc: [] })).toString()).toMatch(/^To: "?undisclosed-recipients"?:;\r$/m);
  });

  it("lines are ASCII and short", async () => {
    const raw = await built({
      subject: "Привет ".repeat(40),
      text: "длинная строка ".repeat(500),
      html: `<p>${"x".repeat(5_000)}</p>`,
      from: { address: "a@example.com", name: "Анна ".repeat(20) },
      references: Array.from({ length: 200 }, (_, index) => `reference-${index}@example.com`),
      attachments: [
        {
          name: `${"длинное имя ".repeat(9)}.pdf`,
          mime: "application/pdf",
          inline: false,
          open: content(Buffer.alloc(1_000, 255)),
        },
      ],
    });
    const lines = raw.toString("latin1").split("\r\n");
    expect(lines.filter((line) => line.length > 78)).toEqual([]);
    expect(raw.every((byte) => byte < 0x80)).toBe(true);
    expect(raw.toString("latin1")).not.toMatch(/[^\r]\n|\r[^\n]/);
  });

  it("addresses beyond ASCII are written as they are (RFC 6532), domains as every server reads them", async () => {
    const raw = await built({ to: [{ address: "анна@пример.рф", name: "Анна" }, { address: "bert@bücher.example" }] });
    expect(parsed(raw).people.to).toEqual([
      { address: "анна@пример.рф", name: "Анна" },
      { address: "bert@xn--bcher-kva.example" },
    ]);
  });

  it("a message within it travels as it is where it may, and as a file where it may not", async () => {
    const ascii = Buffer.from("Subject: inner\r\n\r\nHi\r\n");
    const eightBit = Buffer.from("Subject: inner\r\n\r\nGrüße\r\n");
    const raw = await built({
      attachments: [ascii, eightBit].map((bytes, index) => ({
        name: `${index}.eml`,
        mime: "message/rfc822",
        inline: false,
        open: content(bytes),
      })),
    });
    const { attachments } = parsed(raw);
    expect(attachments.map(({ mime }) => mime)).toEqual(["message/rfc822", "application/octet-stream"]);
    expect(attachments.map(({ bytes }) => Buffer.from(bytes))).toEqual([ascii, eightBit]);
    expect(raw.every((byte) => byte < 0x80)).toBe(true);
  });

  it("a type that would make parts of an attachment is none", async () => {
    const raw = await built({
      attachments: [
        { name: "x", mime: "multipart/mixed; boundary=evil", inline: false, open: content(Buffer.from("--evil")) },
      ],
    });
    expect(parsed(raw).attachments).toMatchObject([{ mime: "application/octet-stream" }]);
  });

  it("attachments are opened one after the other, and read no faster than they are written", async () => {
    const MB = 1024 ** 2;
    let open = 0;
    let most = 0;
    let read = 0;
    const large = async () =>
      (async function* () {
        most = Math.max(most, ++open);
        for (let chunk = 0; chunk < 40; chunk++) {
          read += MB;
          yield Buffer.alloc(MB, chunk);
        }
        open--;
      })();
    let written = 0;
    let furthest = 0;
    const attachments = [0, 1].map((index) => ({
      name: `${index}.bin`,
      mime: "application/octet-stream",
      inline: false,
      open: large,
    }));
    for await (const chunk of buildMessage({ ...plain, attachments })) {
      written += (chunk as Buffer).length;
      furthest = Math.max(furthest, read - (written * 3) / 4);
    }
    expect(written).toBeGreaterThan((80 * MB * 4) / 3);
    expect(most).toBe(1);
    // What streams hold between them.
    expect(furthest).toBeLessThan(8 * MB);
  });

  it("an attachment that cannot be read fails the message, and does not shorten it", async () => {
    const broken = async () =>
      (async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from("half");
        throw new Error("the disk is gone");
      })();
    await expect(
      built({ attachments: [{ name: "a", mime: "text/plain", inline: false, open: broken }] }),
    ).rejects.toThrow("the disk is gone");
  });

  it.each([
    ["a Message-ID", { messageId: "a@b>\r\nBcc: x@y.z" }],
    ["In-Reply-To", { inReplyTo: "a b" }],
    ["a reference", { references: ["a@b", "c@d\n"] }],
    ["an address", { to: [{ address: "a@b.c\r\nBcc: x@y.z" }] }],
    ["an address that is none", { cc: [{ address: "a, b@c.d" }] }],
    [
      "a Content-ID",
      {
        attachments: [
          { name: "a", mime: "image/png", inline: true, cid: "a>\r\nX: y", open: content(Buffer.alloc(0)) },
        ],
      },
    ],
    ["a field's name", { headers: { "X-A\r\nBcc": "x@y.z" } }],
    ["a field that is the message's own", { headers: { bcc: "x@y.z" } }],
    ["a field that is the transport's own", { headers: { "DKIM-Signature": "x" } }],
  ])("[BLD-2] refuses line ends and worse in %s", (_what, message) => {
    expect(() => buildMessage({ ...plain, ...(message as Partial<OutgoingMessage>) })).toThrow(/./);
  });

  it("[BLD-2] no text makes a field of its own, wherever it is put", async () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        "\r\nBcc: x@y.z",
        "\nX-Evil: 1\n\n<p>",
        "\r",
        "\u0085Bcc: x@y.z",
        "\u2028Bcc: x",
        "=?utf-8?Q?=0D=0ABcc:x?=",
        '"\r\nBcc: x',
      ),
      fc.string({ unit: "binary" }),
    );
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, hostile, async (subject, name, fileName, value) => {
        const raw = await built({
          subject,
          from: { address: "a@example.com", name },
          to: [{ address: "b@example.com", name }],
          headers: { Importance: value, "X-Kontor": value },
          attachments: [{ name: fileName, mime: value, inline: false, open: content(Buffer.from("x")) }],
        });
        const names = fieldsOf(raw).map((field) => /^[A-Za-z-]+(?=: )/.exec(field)?.[0]);
        const expected = [
          "Content-Type",
          "Date",
          "From",
          "Importance",
          "MIME-Version",
          "Message-ID",
          "Subject",
          "To",
          "X-Kontor",
        ];
        expect(expected).toEqual(expect.arrayContaining(names));
        expect(parsed(raw).people).toMatchObject({
          from: [{ address: "a@example.com" }],
          to: [{ address: "b@example.com" }],
        });
        expect(parsed(raw).attachments.length).toBe(1);
      }),
      { numRuns: 120 },
    );
  });

  it("[BLD-3] what was built is read back", async () => {
    await fc.assert(
      fc.asyncProperty(message, async (given) => {
        const files = given.files.map((file, index) => ({
          ...file,
          name: `${index} ${file.name}`,
          open: content(file.bytes),
        }));
        const raw = await built({ ...given, attachments: files });
        const read = parsed(raw);
        expect(read).toMatchObject({
          messageId: given.messageId,
          subject: given.subject,
          people: { from: [given.from], to: given.to, cc: given.cc },
          sentAt: given.date.toISOString(),
          inReplyTo: given.references.slice(-1),
          refs: [...new Set(given.references)],
          text: given.text,
          oddities: [],
        });
        expect(read.attachments.map(({ name, mime, bytes }) => ({ name, mime, bytes: Buffer.from(bytes) }))).toEqual(
          files.map(({ name, mime, bytes }) => ({ name, mime, bytes: Buffer.from(bytes) })),
        );
      }),
      { numRuns: 120 },
    );
  });
});

const word = fc.stringMatching(/^[a-zA-Zа-яА-Яäöüß0-9'!?-]{1,12}$/u);
const words = fc.array(word, { minLength: 1, maxLength: 12 }).map((list) => list.join(" "));
const id = fc.stringMatching(/^[a-z0-9.+_$-]{1,40}$/).map((local) => `${local}@example.com`);
const address: fc.Arbitrary<MailAddress> = fc.record({
  address: fc.emailAddress().filter(isMailAddress),
  name: fc
    .stringMatching(/^[a-zA-Zа-яА-Я][a-zA-Zа-яА-Я ,."()<>@-]{0,30}[a-zA-Zа-яА-Я]$/u)
    .filter((name) => !/ {2}/.test(name)),
});

const message = fc
  .record({
    messageId: id,
    date: fc
      .date({ min: new Date("1980-01-01"), max: new Date("2099-01-01"), noInvalidDate: true })
      .map((date) => new Date(Math.floor(date.getTime() / 1_000) * 1_000)),
    from: address,
    to: fc.array(address, { minLength: 1, maxLength: 5 }),
    cc: fc.array(address, { maxLength: 3 }),
    subject: words,
    text: fc
      .array(fc.oneof(words, fc.constantFrom("", ".", "From here", "> quoted", "-- ", "--b", "=3D")), {
        minLength: 1,
        maxLength: 9,
      })
      .map((lines) => `${lines.join("\n")}x`),
    references: fc.array(id, { maxLength: 60 }),
    files: fc.array(
      fc.record({
        name: fc.stringMatching(/^[a-zA-Zа-яА-Яäöüß0-9'!-]{1,12}$/u).map((name) => `${name}.bin`),
        mime: fc.constantFrom("application/pdf", "text/csv", "image/png"),
        inline: fc.constant(false),
        bytes: fc.uint8Array({ maxLength: 300 }),
      }),
      { maxLength: 3 },
    ),
  })
  .map((given) => ({ ...given, ...(given.references.length > 0 && { inReplyTo: given.references.at(-1) }) }));

it("reads what was built as postal-mime does", async () => {
  await fc.assert(
    fc.asyncProperty(message, async (given) => {
      const files = given.files.map((file, index) => ({
        ...file,
        name: `${index} ${file.name}`,
        open: content(file.bytes),
      }));
      const raw = await built({ ...given, html: "<p>x</p>", attachments: files });
      const theirs = await PostalMime.parse(raw);
      const ours = parsed(raw);
      expect(ours.subject).toBe(theirs.subject);
      expect(ours.text).toBe(theirs.text?.replaceAll("\r\n", "\n").trimEnd());
      expect(ours.messageId).toBe(theirs.messageId?.slice(1, -1));
      expect(ours.people.to.map(({ address, name = "" }) => ({ address, name }))).toEqual(theirs.to);
      expect(ours.attachments.map(({ name, mime, bytes }) => [name, mime, Buffer.from(bytes)])).toEqual(
        theirs.attachments.map(({ filename, mimeType, content: bytes }) => [
          filename,
          mimeType,
          Buffer.from(bytes as ArrayBuffer),
        ]),
      );
    }),
    { numRuns: 60 },
  );
});

describe("redirectMessage", () => {
  const raw = Buffer.from("From: x@example.com\r\nSubject: y\r\n\r\nbody\r\n");
  const resent = {
    messageId: "2@example.com",
    date: new Date("2026-01-05T10:00:00Z"),
    from: { address: "anna@example.com", name: "Анна" },
    to: Array.from({ length: 20 }, (_, index) => ({ address: `person-${index}@example.com` })),
    cc: [],
  };

  it("says who sent it on, and leaves every byte of it", async () => {
    const sent = await bytesOf(redirectMessage(await content(raw)(), resent));
    expect(sent.subarray(-raw.length)).toEqual(raw);
    const head = sent.subarray(0, -raw.length).toString();
    expect(head.split("\r\n").filter((line) => line.length > 78)).toEqual([]);
    expect(
      fieldsOf(sent)
        .slice(0, 4)
        .map((field) => field.split(":")[0]),
    ).toEqual(["Resent-Date", "Resent-From", "Resent-To", "Resent-Message-ID"]);
    expect(parsed(sent)).toMatchObject({
      subject: "y",
      text: "body",
      people: { from: [{ address: "x@example.com" }] },
    });
  });

  it("refuses line ends in an address", () => {
    expect(() =>
      redirectMessage(raw as unknown as AsyncIterable<Uint8Array>, {
        ...resent,
        to: [{ address: "a@b.c\r\nBcc: x@y.z" }],
      }),
    ).toThrow("address");
  });
});

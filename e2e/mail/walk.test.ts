import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newId } from "@kontor/shared/base";
import type { Draft, FolderDoc, MailboxDoc, MessageDoc } from "@kontor/shared/mail";
import { freePorts } from "../../server/test/freePorts.ts";
import { startSink, type Sink } from "../../server/test/mail/sink.ts";
import { talkTo } from "../../server/test/mail/talk.ts";
import { startServer, type TestServer } from "../harness/server.ts";
import { apiOf } from "../walks/administrator.ts";

/**
 * The walk of mail as a program goes it, over the whole server as its own process: a letter with a card and a file, to people
 * inside and to one outside, by a relay; and the answer from outside, which comes in by SMTP and joins the thread.
 */
const SLOW_MS = 30_000;
const OUTSIDE = "office@medtech-north.example";

let server: TestServer;
let sink: Sink;
let smtpPort = 0;

beforeAll(async () => {
  [smtpPort = 0] = await freePorts(1);
  sink = await startSink();
  server = await startServer({
    env: {
      KONTOR_SMTP_LISTEN: `127.0.0.1:${smtpPort}`,
      KONTOR_SMTP_SEND: "relay",
      KONTOR_SMTP_RELAY_HOST: "127.0.0.1",
      KONTOR_SMTP_RELAY_PORT: String(sink.port),
      KONTOR_SMTP_RELAY_SECURITY: "none",
      KONTOR_SMTP_DNS: "127.0.0.1:1", // nobody answers: verdicts are "cannot be said", and no test asks the world
    },
  });
}, 180_000);
afterAll(async () => {
  await server?.remove();
  await sink?.stop();
});

type Api = Awaited<ReturnType<typeof apiOf>>;

interface Person {
  readonly api: Api;
  readonly mailbox: MailboxDoc;
  folder(role: string): Promise<FolderDoc>;
  messagesIn(role: string): Promise<readonly MessageDoc[]>;
  find(role: string, subject: string): Promise<MessageDoc>;
}

async function personOf(login: "ivan" | "maria" | "anna"): Promise<Person> {
  const api = await apiOf(server.url, login);
  const { mailboxes } = await api<{ mailboxes: MailboxDoc[] }>("GET", "/mail/mailboxes");
  const mailbox = mailboxes.find((each) => each.kind === "personal" && each.can.includes("send"));
  if (!mailbox) throw new Error(`${login} has no mailbox`);
  const folder = async (role: string) => {
    const { folders } = await api<{ folders: FolderDoc[] }>("GET", `/mail/mailboxes/${mailbox.id}/folders`);
    const found = folders.find((each) => each.role === role);
    if (!found) throw new Error(`${login} has no ${role}`);
    return found;
  };
  const messagesIn = async (role: string) =>
    (await api<{ messages: MessageDoc[] }>("GET", `/mail/folders/${(await folder(role)).id}/messages?limit=20`))
      .messages;
  const find = (role: string, subject: string) =>
    vi.waitFor(
      async () => {
        const found = (await messagesIn(role)).find((message) => message.subject === subject);
        if (!found) throw new Error(`no "${subject}" in ${role} of ${login}`);
        return found;
      },
      { timeout: SLOW_MS, interval: 200 },
    );
  return { api, mailbox, folder, messagesIn, find };
}

const draftFrom = (person: Person, draft: Partial<Draft>): Draft => ({
  from: { address: person.mailbox.address, name: person.mailbox.name },
  to: [],
  cc: [],
  bcc: [],
  subject: "",
  html: "",
  cards: [],
  origin: { kind: "new" },
  ...draft,
});

/** tus 1.0, in one request after the announcement. */
async function upload(login: "ivan", fileId: string, bytes: Buffer): Promise<void> {
  const answer = await fetch(`${server.url}/api/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ login, password: "aurora-demo" }),
  });
  const { token } = (await answer.json()) as { token: string };
  const headers = { authorization: `Bearer ${token}`, "tus-resumable": "1.0.0" };
  const made = await fetch(`${server.url}/api/uploads`, {
    method: "POST",
    headers: {
      ...headers,
      "upload-length": String(bytes.length),
      "upload-metadata": `fileId ${Buffer.from(fileId).toString("base64")}`,
    },
  });
  expect(made.status).toBe(201);
  const sent = await fetch(`${server.url}/api/uploads/${fileId}`, {
    method: "PATCH",
    headers: { ...headers, "upload-offset": "0", "content-type": "application/offset+octet-stream" },
    body: new Uint8Array(bytes),
  });
  expect(sent.status).toBe(204);
}

describe("a letter with a card and a file", () => {
  const subject = `Agreement for signing ${newId().slice(-6)}`;
  const bytes = Buffer.from("%PDF-1.4\n% a small file that is not quite a document\n".repeat(40));

  it("goes to people inside at once, and to one outside by SMTP, under one Message-ID", async () => {
    const [ivan, maria] = [await personOf("ivan"), await personOf("maria")];
    const { records } = await ivan.api<{ records: { id: string; title: string }[] }>(
      "GET",
      "/records?type=contract&limit=1",
    );
    const card = records[0] ?? { id: "", title: "" };
    const made = await ivan.api<{ message: MessageDoc }>("POST", "/mail/drafts", {
      mailboxId: ivan.mailbox.id,
      draft: draftFrom(ivan, {
        to: [{ address: maria.mailbox.address }],
        cc: [{ address: OUTSIDE, name: "Medtech North" }],
        subject,
        html: "<p>Please look at this by Friday.</p>",
        cards: [{ recordId: card.id, type: "contract", title: card.title }],
      }),
    });
    const fileId = newId();
    await ivan.api("POST", `/mail/drafts/${made.message.id}/attachments`, {
      fileId,
      name: "terms.pdf",
      size: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      mime: "application/pdf",
    });
    // Sent before the body is there: it waits for it, and for nothing else.
    await ivan.api("POST", `/mail/drafts/${made.message.id}/send`, { undoSeconds: 0 });
    await upload("ivan", fileId, bytes);

    const received = await maria.find("inbox", subject);
    expect(received).toMatchObject({
      messageId: made.message.messageId,
      seen: false,
      authenticity: { internal: true },
      attachments: [{ name: "terms.pdf", size: bytes.length }],
      cards: [{ recordId: card.id, type: "contract" }],
    });
    expect(received.cc).toEqual([{ address: OUTSIDE, name: "Medtech North" }]);
    expect(received).not.toHaveProperty("send");

    await vi.waitFor(() => expect(sink.messages).toHaveLength(1), { timeout: SLOW_MS, interval: 100 });
    const [outside] = sink.messages;
    expect(outside?.to).toEqual([OUTSIDE]);
    expect(outside?.raw).toContain(`Message-ID: <${made.message.messageId}>`);
    expect(outside?.raw).toContain("terms.pdf");

    const sent = await ivan.find("sent", subject);
    expect(sent.send?.state).toBe("sent");
    await vi.waitFor(
      async () =>
        expect((await ivan.find("sent", subject)).deliveries).toEqual([
          expect.objectContaining({ address: OUTSIDE, state: "relayed" }),
        ]),
      { timeout: SLOW_MS, interval: 200 },
    );
  });

  it("is answered from outside, and the answer joins the thread of everybody who has it", async () => {
    const [ivan, maria] = [await personOf("ivan"), await personOf("maria")];
    const sent = await ivan.find("sent", subject);
    const talk = await talkTo({ port: smtpPort });
    const answer = await talk.send({
      from: OUTSIDE,
      to: [ivan.mailbox.address, maria.mailbox.address],
      raw: [
        `From: Medtech North <${OUTSIDE}>`,
        `To: ${ivan.mailbox.address}, ${maria.mailbox.address}`,
        `Subject: Re: ${subject}`,
        `Message-ID: <answer-${newId()}@medtech-north.example>`,
        `In-Reply-To: <${sent.messageId}>`,
        `References: <${sent.messageId}>`,
        "Date: Sat, 28 Nov 2026 10:00:00 +0000",
        "",
        "We agree.",
        "",
      ].join("\r\n"),
    });
    expect(answer).toMatch(/^250 /);
    talk.end();
    for (const person of [ivan, maria]) {
      const reply = await person.find("inbox", `Re: ${subject}`);
      expect(reply.authenticity.internal).toBe(false);
      const { messages } = await person.api<{ messages: MessageDoc[] }>(
        "GET",
        `/mail/threads/${reply.threadId}/messages`,
      );
      expect(messages.map((message) => message.subject).toSorted()).toEqual([`Re: ${subject}`, subject].toSorted());
    }
  });

  it("is found by its words, by who may read it and by nobody else", async () => {
    const [ivan, anna] = [await personOf("ivan"), await personOf("anna")];
    const query = encodeURIComponent(`"${subject}" from:ivan`);
    const found = await ivan.api<{ messages: MessageDoc[] }>("GET", `/mail/search?query=${query}`);
    expect(found.messages.map((message) => message.subject)).toContain(subject);
    const nothing = await anna.api<{ messages: MessageDoc[] }>("GET", `/mail/search?query=${query}`);
    expect(nothing.messages).toEqual([]);
  });

  it("is not sent to an address of ours that does not exist: the author is told which", async () => {
    const ivan = await personOf("ivan");
    const nobody = `nobody-here@${ivan.mailbox.address.split("@")[1]}`;
    await expect(
      ivan.api("POST", "/mail/messages", {
        mailboxId: ivan.mailbox.id,
        draft: draftFrom(ivan, { to: [{ address: nobody }], subject: "To nobody", html: "<p>Hello</p>" }),
        undoSeconds: 0,
      }),
    ).rejects.toThrow(nobody);
  });

  it("leaves once where the server is killed while it does", async () => {
    const [ivan, maria] = [await personOf("ivan"), await personOf("maria")];
    const again = `Killed ${newId().slice(-6)}`;
    await ivan.api("POST", "/mail/messages", {
      mailboxId: ivan.mailbox.id,
      draft: draftFrom(ivan, {
        to: [{ address: maria.mailbox.address }, { address: OUTSIDE }],
        subject: again,
        html: "<p>Once</p>",
      }),
      undoSeconds: 0,
    });
    await server.kill();
    await server.start();
    const after = [await personOf("ivan"), await personOf("maria")] as const;
    await after[1].find("inbox", again);
    await vi.waitFor(
      async () => {
        const copy = await after[0].find("sent", again);
        expect(copy.deliveries).toEqual([expect.objectContaining({ state: "relayed" })]);
      },
      { timeout: SLOW_MS, interval: 200 },
    );
    expect((await after[1].messagesIn("inbox")).filter((message) => message.subject === again)).toHaveLength(1);
    const ids = sink.messages
      .filter((message) => message.raw.includes(again))
      .map((message) => message.raw.match(/^Message-ID: (\S+)/m)?.[1]);
    // The far server may have taken it without our hearing of it: then it has it twice, under one Message-ID.
    expect(new Set(ids).size).toBe(1);
    expect(ids.length).toBeLessThanOrEqual(2);
  });
});

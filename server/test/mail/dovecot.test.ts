import { createConnection } from "node:net";
import { ImapFlow } from "imapflow";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startDovecot, type Dovecot } from "./dovecot.ts";

/** The peer is tried itself, so that a test that fails elsewhere tells of our code. */
let dovecot: Dovecot;
beforeAll(async () => {
  dovecot = await startDovecot({ without: ["CONDSTORE", "QRESYNC"] });
});
afterAll(() => dovecot.stop());

const connect = async (user: string): Promise<ImapFlow> => {
  const client = new ImapFlow({
    host: dovecot.host,
    port: dovecot.imapsPort,
    secure: true,
    tls: { ca: dovecot.certificate },
    auth: { user, pass: dovecot.password },
    logger: false,
  });
  await client.connect();
  return client;
};

it("has a mailbox for every name, over TLS, with what it was told to offer", async () => {
  const client = await connect("anna");
  expect(client.capabilities.has("CONDSTORE")).toBe(false);
  expect(client.capabilities.has("MOVE")).toBe(true);
  await client.append("INBOX", "Subject: one\r\nMessage-ID: <one@example.org>\r\n\r\nHello\r\n");
  expect(await client.status("INBOX", { messages: true })).toMatchObject({ messages: 1 });
  await client.logout();

  const other = await connect("boris");
  expect(await other.status("INBOX", { messages: true })).toMatchObject({ messages: 0 });
  await other.logout();
  expect(await dovecot.doveadm("fetch", "-u", "anna", "hdr.subject", "mailbox", "INBOX")).toContain("one");
});

it("takes mail by LMTP", async () => {
  const lines = ["LHLO test", "MAIL FROM:<a@example.org>", "RCPT TO:<lmtp-user>", "DATA"];
  const body = "Subject: by LMTP\r\n\r\nHello\r\n.";
  const answers = await new Promise<string>((resolve, reject) => {
    const socket = createConnection({ port: dovecot.lmtpPort, host: dovecot.host });
    let heard = "";
    socket.once("error", reject);
    socket.once("close", () => resolve(heard));
    socket.on("data", (bytes) => {
      heard += bytes.toString();
      if (/^(?:250 |220 |354 )/m.test(bytes.toString()) && lines.length > 0) socket.write(`${lines.shift()}\r\n`);
      else if (/^354/m.test(bytes.toString())) socket.write(`${body}\r\nQUIT\r\n`);
    });
  });
  expect(answers).toMatch(/^250 2\.0\.0 .*Saved/m);
  expect(await dovecot.doveadm("fetch", "-u", "lmtp-user", "hdr.subject", "mailbox", "INBOX")).toContain("by LMTP");
});

it("is away when halted, and back on the same port with the same mail", async () => {
  await dovecot.halt();
  await expect(connect("anna")).rejects.toThrow("ECONNREFUSED");
  await dovecot.resume();
  const client = await connect("anna");
  expect(await client.status("INBOX", { messages: true })).toMatchObject({ messages: 1 });
  await client.logout();
});

// The world outside the demo company, for walks that go there and come back: a post office (Debian's Postfix) that carries mail
// both ways, and mailboxes elsewhere (Debian's Dovecot), which can be somebody's own account, too.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dovecotMissing, startDovecot, type Dovecot } from "../../server/test/mail/dovecot.ts";
import { freePorts } from "../../server/test/freePorts.ts";
import { postfixMissing, startPostfix } from "../../server/test/mail/postfix.ts";
import { startSink, type Sink } from "../../server/test/mail/sink.ts";
import { talkTo } from "../../server/test/mail/talk.ts";
import { parseMessage } from "../../server/src/mail/mime/parseMessage.ts";
import type { ParsedMessage } from "../../server/src/mail/mime/parsedMessage.ts";
import { startServer, type TestServer } from "../harness/server.ts";

export const outsideDomain = "medtech-north.example";
const officeDomain = "aurora.example";
/** Under which the world would reach the office; here it is reached at `office.url`. */
export const officeAddress = `https://office.${officeDomain}`;

/** Why there is no world outside here; undefined where there is. */
export const outsideMissing = (): string | undefined => dovecotMissing() ?? postfixMissing();

export interface OutsideMail {
  readonly office: TestServer;
  readonly dovecot: Dovecot;
  /** Where an account elsewhere sends. It takes the password of all mailboxes outside. */
  readonly submission: Sink;
  /** What lies in the inbox of somebody outside, as their mail program reads it. */
  inboxOf(address: string): Promise<readonly ParsedMessage[]>;
  /** Writes from outside, by their post office; resolves when that has taken it. */
  post(message: OutsideMessage): Promise<void>;
  close(): Promise<void>;
}

export interface OutsideMessage {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly answers?: ParsedMessage;
}

export async function startOutsideMail(): Promise<OutsideMail> {
  const [smtpPort = 0] = await freePorts(1);
  const dovecot = await startDovecot();
  const postfix = await startPostfix({
    domain: "post.example",
    users: [],
    transports: {
      [outsideDomain]: `lmtp:inet:127.0.0.1:${dovecot.lmtpPort}`,
      [officeDomain]: `smtp:[127.0.0.1]:${smtpPort}`,
    },
  });
  const certificate = { key: await readFile(join(dovecot.directory, "key.pem"), "utf8"), cert: dovecot.certificate };
  const submission = await startSink({
    certificate,
    authOptional: false,
    onAuth: ({ password }, _session, done) =>
      password === dovecot.password
        ? done(null, { user: "somebody" })
        : done(Object.assign(new Error("5.7.8 Wrong"), { responseCode: 535 })),
  });
  const directory = await mkdtemp(join(tmpdir(), "kontor-outside-"));
  const ca = join(directory, "ca.pem");
  await writeFile(ca, dovecot.certificate);
  const office = await startServer({
    env: {
      KONTOR_PUBLIC_URL: officeAddress,
      KONTOR_SMTP_LISTEN: `127.0.0.1:${smtpPort}`,
      KONTOR_SMTP_SEND: "relay",
      KONTOR_SMTP_RELAY_HOST: "127.0.0.1",
      KONTOR_SMTP_RELAY_PORT: String(postfix.port),
      KONTOR_SMTP_RELAY_SECURITY: "none",
      KONTOR_SMTP_DNS: "127.0.0.1:1", // nobody answers: no walk asks the world
      KONTOR_ACCOUNTS_PRIVATE: "yes",
      KONTOR_ACCOUNTS_CA: ca,
    },
  });

  return {
    office,
    dovecot,
    submission,
    async inboxOf(address) {
      const folders = ["new", "cur"].map((name) => join(dovecot.maildir(address), name));
      const messages = await Promise.all(folders.map(messagesIn));
      return messages.flat();
    },
    async post(message) {
      const talk = await talkTo({ port: postfix.port });
      const answer = await talk.send({ from: message.from, to: message.to, raw: rawOf(message) });
      talk.end();
      if (!answer.startsWith("250")) throw new Error(`their post office said: ${answer}`);
    },
    async close() {
      await office.remove();
      await postfix.stop();
      await submission.stop();
      await dovecot.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function messagesIn(folder: string): Promise<readonly ParsedMessage[]> {
  const names = await readdir(folder).catch(() => []); // nothing ever came
  return await Promise.all(
    names.map(async (name) => {
      const parsed = parseMessage(await readFile(join(folder, name)));
      if (parsed.kind !== "parsed") throw new Error(`${name} is ${parsed.reason}`);
      return parsed.message;
    }),
  );
}

function rawOf({ answers, from, subject, text, to }: OutsideMessage): string {
  const id = `${Date.now()}.${Math.random().toString(36).slice(2)}@${outsideDomain}`;
  return [
    `From: Olga North <${from}>`,
    `To: ${to.join(", ")}`,
    `Subject: ${/^[ -~]*$/.test(subject) ? subject : `=?utf-8?B?${Buffer.from(subject).toString("base64")}?=`}`,
    `Message-ID: <${id}>`,
    ...(answers ? [`In-Reply-To: <${answers.messageId}>`, `References: <${answers.messageId}>`] : []),
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    text,
    "",
  ].join("\r\n");
}

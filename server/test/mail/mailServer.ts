import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@kontor/shared/base";
import type { BodyDoc, DeliveryDoc, FolderDoc, MailboxDoc, MessageDoc } from "@kontor/shared/mail";
import { readConfig } from "#config";
import { createPeopleService, createSessionService } from "#people";
import { createTestDatabase, type TestDatabase } from "#testing";
import { startKontor, type Kontor } from "../../src/main.ts";
import { Client } from "../files/serverProcess.ts";

const PASSWORD = "correct horse battery staple";

/** A whole server for ours.example with people who have mailboxes, and an administrator. */
export interface MailServer {
  readonly kontor: Kontor;
  readonly test: TestDatabase;
  readonly administrator: Client;
  user(login: string): MailUser;
  stop(): Promise<void>;
}

/** Somebody with a mail program over HTTP. */
export interface MailUser {
  readonly client: Client;
  readonly address: string;
  send(message: { readonly to: readonly string[]; readonly subject?: string; readonly text?: string }): Promise<string>;
  message(id: string): Promise<MessageDoc>;
  body(id: string): Promise<BodyDoc>;
  deliveries(id: string): Promise<readonly DeliveryDoc[]>;
  /** What lies in the folder of this role, the newest first. */
  folder(role: NonNullable<FolderDoc["role"]>): Promise<readonly MessageDoc[]>;
}

export async function startMailServer({
  logins,
  env,
}: {
  readonly logins: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}): Promise<MailServer> {
  const test = await createTestDatabase();
  const dataDirectory = await mkdtemp(join(tmpdir(), "kontor-mail-"));
  await chmod(dataDirectory, 0o755);
  let kontor: Kontor | undefined;
  const stop = async () => {
    await kontor?.stop();
    await test.drop();
    await rm(dataDirectory, { recursive: true, force: true });
  };
  try {
    kontor = await startKontor(
      readConfig(
        {
          DATABASE_URL: test.url,
          KONTOR_LOG_LEVEL: process.env.KONTOR_TEST_LOG ?? "silent",
          KONTOR_MAIL_DOMAINS: "ours.example",
          KONTOR_SMTP_NAME: "mail.ours.example",
          ...env,
        },
        { dataDirectory, port: 0, host: "127.0.0.1" },
      ),
    );
    const { url } = kontor;
    const people = createPeopleService({
      db: test.db,
      sessions: createSessionService({ db: test.db, clock: systemClock }),
      clock: systemClock,
      doorbell: { ring: () => undefined },
    });
    const groups = await test.pool.query<{ id: string }>("select id from user_group where key = 'administrators'");
    const groupIds = groups.rows.map(({ id }) => id);
    await people.create({ login: "root", name: "root", password: PASSWORD, groupIds });
    const administrator = await Client.signIn(url, "root");
    const users = new Map<string, MailUser>();
    for (const login of logins) {
      // By the server's own door: with a person comes a mailbox.
      await administrator.json("POST", "/api/admin/people", { login, name: login, password: PASSWORD });
      users.set(login, await mailUser(await Client.signIn(url, login)));
    }
    return {
      kontor,
      test,
      administrator,
      user(login) {
        const user = users.get(login);
        if (!user) throw new Error(`there is no ${login}`);
        return user;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function mailUser(client: Client): Promise<MailUser> {
  const { mailboxes } = await client.json<{ mailboxes: MailboxDoc[] }>("GET", "/api/mail/mailboxes");
  const own = mailboxes.find(({ kind }) => kind === "personal");
  if (!own) throw new Error("there is no personal mailbox");
  const { folders } = await client.json<{ folders: FolderDoc[] }>("GET", `/api/mail/mailboxes/${own.id}/folders`);
  return {
    client,
    address: own.address,
    async send({ to, subject = "Hello", text = "Hello" }) {
      const draft = {
        from: { address: own.address },
        to: to.map((address) => ({ address })),
        cc: [],
        bcc: [],
        subject,
        html: `<p>${text}</p>`,
        cards: [],
        origin: { kind: "new" },
      };
      const sent = await client.json<{ message: MessageDoc }>("POST", "/api/mail/messages", {
        mailboxId: own.id,
        draft,
      });
      return sent.message.id;
    },
    message: (id) => client.json<MessageDoc>("GET", `/api/mail/messages/${id}`),
    body: (id) => client.json<BodyDoc>("GET", `/api/mail/messages/${id}/body`),
    deliveries: async (id) =>
      (await client.json<{ deliveries: DeliveryDoc[] }>("GET", `/api/mail/messages/${id}/deliveries`)).deliveries,
    async folder(role) {
      const folder = folders.find((each) => each.role === role);
      const { messages } = await client.json<{ messages: MessageDoc[] }>(
        "GET",
        `/api/mail/folders/${folder?.id}/messages`,
      );
      return messages;
    },
  };
}

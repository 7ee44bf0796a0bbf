import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { WebSocket } from "ws";
import { startKontor, type Kontor } from "@kontor/server/main";
import { newId, systemClock, type JsonObject } from "@kontor/shared/base";
import { createFrameCodec, PROTOCOL_VERSION, type Intent, type Malformed, type Message } from "@kontor/shared/protocol";
import { readConfig } from "#config";
import { createPeopleService, createSessionService } from "#people";
import { createTestDatabase, type TestDatabase } from "#testing";
import { Client } from "../files/serverProcess.ts";

export const PASSWORD = "correct horse battery staple";

export interface AuditRow {
  readonly id: string;
  readonly action: string;
  readonly outcome: string;
  readonly login: string | null;
  readonly channel: string | null;
  readonly ip: string | null;
  readonly object_kind: string | null;
  readonly object_id: string | null;
  readonly details: JsonObject;
}

export type AuditServer = Awaited<ReturnType<typeof startAuditServer>>;

/** The whole server on the office's pack: an administrator, somebody of HR, a colleague, and an auditor. */
export async function startAuditServer() {
  const test = await createTestDatabase();
  const dataDirectory = await mkdtemp(join(tmpdir(), "kontor-audit-"));
  await chmod(dataDirectory, 0o755);
  const environment = { DATABASE_URL: test.url, KONTOR_LOG_LEVEL: process.env.KONTOR_TEST_LOG ?? "silent" };
  const kontor = await startKontor(readConfig(environment, { dataDirectory, port: 0, host: "127.0.0.1" }));
  const sessions = createSessionService({ db: test.db, clock: systemClock });
  const people = createPeopleService({
    db: test.db,
    sessions,
    clock: systemClock,
    doorbell: { ring: () => undefined },
  });
  const department = await people.createDepartment({ nameEn: "Staff", nameRu: "Кадры" });
  const groupIds = new Map<string, string>();
  for (const key of ["hr", "auditors"])
    groupIds.set(key, (await people.createGroup({ key, nameEn: key, nameRu: key })).id);
  const known = await test.pool.query<{ id: string }>("select id from user_group where key = 'administrators'");
  groupIds.set("administrators", known.rows[0]?.id ?? "");

  const ids: Record<string, string> = {};
  async function addPerson(login: string, ...groups: readonly string[]): Promise<Client> {
    const input = { login, name: login, password: PASSWORD, departmentId: department.id };
    const { id } = await people.create({ ...input, groupIds: groups.map((key) => groupIds.get(key) ?? "") });
    ids[login] = id;
    return Client.signIn(kontor.url, login);
  }

  const rows = async () =>
    (
      await test.pool.query<AuditRow>(
        "select id, action, outcome, login, channel, ip, object_kind, object_id, details from audit_entry order by txid, id",
      )
    ).rows;

  return {
    kontor,
    test,
    people,
    departmentId: department.id,
    ids,
    root: await addPerson("root", "administrators"),
    hr: await addPerson("hanna", "hr"),
    colleague: await addPerson("ivan"),
    auditor: await addPerson("vera", "auditors"),
    /** What an act leaves in the log, without what counting made of the acts before it. */
    async entriesOf(act: () => Promise<unknown>): Promise<readonly AuditRow[]> {
      await test.pool.query("delete from audit_repeat");
      const before = new Set((await rows()).map(({ id }) => id));
      await act();
      return (await rows()).filter(({ id }) => !before.has(id));
    },
    /** Everything that is kept of the log, as one text. */
    async contents(): Promise<string> {
      const { rows: kept } = await test.pool.query<{ text: string }>(
        "select (select coalesce(string_agg(audit_entry::text, '|'), '') from audit_entry) || (select coalesce(string_agg(audit_repeat::text, '|'), '') from audit_repeat) as text",
      );
      return kept[0]?.text ?? "";
    },
    async stop() {
      await kontor.stop();
      await test.drop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  } satisfies { kontor: Kontor; test: TestDatabase } & Record<string, unknown>;
}

const codec = createFrameCodec({
  deflate: (bytes) => deflateRawSync(bytes),
  inflate: (bytes, maxOutputLength) => inflateRawSync(bytes, { maxOutputLength }),
});

/** A desktop's socket, as far as a test needs it: takes the whole feed, then sends changes. */
export async function openDesk(url: string, token: string) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/sync`, ["kontor.v1", `bearer.${token}`]);
  const waiting = new Map<string, (message: Message) => void>();
  const received: (Message | Malformed)[] = [];
  const send = (message: Message) => socket.send(codec.encode(message));
  const next = (type: Message["type"], isIt: (message: Message) => boolean = () => true) =>
    new Promise<Message>((resolve) => {
      const known = received.find((message) => message.type === type && isIt(message as Message));
      if (known) return resolve(known as Message);
      waiting.set(type, (message) => isIt(message) && resolve(message));
      return undefined;
    });
  socket.on("message", (data: Buffer) => {
    if ((data[0] ?? 0) < 4) return;
    const message = codec.decode(data);
    received.push(message);
    if (message.type === "feed") send({ type: "ack", body: { batch: message.body.batch } });
    if (message.type === "ping") send({ type: "pong", body: {} });
    if (message.type !== "malformed") waiting.get(message.type)?.(message);
  });
  await once(socket, "open");
  send({ type: "hello", body: { protocol: PROTOCOL_VERSION, deviceId: newId(), appVersion: "test", buckets: [] } });
  await next("feed", (message) => message.type === "feed" && message.body.complete !== undefined);
  return {
    async push(intent: Intent) {
      send({ type: "push", body: { intents: [intent] } });
      return next("result", (message) => message.type === "result" && message.body.mid === intent.mid);
    },
    async close() {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

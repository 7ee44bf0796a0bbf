import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newId } from "@kontor/shared/base";
import { Client } from "../files/serverProcess.ts";
import { startMailServer, type MailServer } from "./mailServer.ts";
import { startSink, type Sink } from "./sink.ts";

/** What administrators do about mail over REST: who may, who may not, what is noted, and that no word of a message is told. */
const SECRET = "Quarterly-figures-4711";
let sink: Sink;
let server: MailServer;

beforeAll(async () => {
  // The relay wants everything later, so that what is sent waits.
  sink = await startSink({ script: { rcpt: () => "450 4.2.0 Later" } });
  server = await startMailServer({
    logins: ["anna", "ben", "cay"],
    env: {
      KONTOR_SMTP_RELAY_HOST: "127.0.0.1",
      KONTOR_SMTP_RELAY_PORT: String(sink.port),
      KONTOR_SMTP_RELAY_SECURITY: "none",
    },
  });
}, 120_000);
afterAll(async () => {
  await server?.stop();
  await sink?.stop();
}, 60_000);

const until = <Result>(what: () => Promise<Result>) => vi.waitFor(what, { timeout: 30_000, interval: 50 });

async function ask(client: Client, method: string, path: string, body?: object) {
  const answer = await client.fetch(`/api${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json") === true;
  return { status: answer.status, reply: isJson ? (JSON.parse(text) as Record<string, never>) : undefined, text };
}

interface Noted {
  readonly action: string;
  readonly outcome: string;
  readonly login: string | null;
  readonly object_kind: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}
/** What was noted since the last question. */
let lastNoted = new Date(0).toISOString();
async function noted(pattern: string): Promise<readonly Noted[]> {
  const { rows } = await server.test.pool.query<Noted & { at: string }>(
    "select at, action, outcome, login, object_kind, details from audit_entry where at > $1 and action like $2 order by at, id",
    [lastNoted, pattern],
  );
  lastNoted = rows.at(-1)?.at ?? lastNoted;
  return rows;
}

/** Which of these doors open to somebody without the right, to an administrator's token that lacks the scope, or to nobody at all. */
async function openDoors(doors: readonly (readonly [string, string])[]): Promise<readonly unknown[]> {
  const { administrator } = server;
  const { token } = await administrator.json<{ token: string }>("POST", "/api/me/tokens", {
    name: "reads and writes",
    scopes: ["read", "write"],
  });
  const callers = [
    ["anna", server.user("anna").client, 403],
    ["an administrator's token", new Client(administrator.url, token), 403],
    ["nobody", new Client(administrator.url, "nonsense"), 401],
  ] as const;
  const open: unknown[] = [];
  for (const [method, path] of doors)
    for (const [who, client, refusal] of callers) {
      const { status } = await ask(client, method, path, method === "GET" || method === "DELETE" ? undefined : {});
      if (status !== refusal) open.push([method, path, who, status]);
    }
  return open;
}

describe("the queue", { timeout: 60_000 }, () => {
  it("is administrators' alone", async () => {
    const doors = [
      ["GET", "/admin/mail/queue"],
      ["POST", "/admin/mail/queue/hold"],
      ["POST", "/admin/mail/queue/retry"],
      ["POST", "/admin/mail/queue/cancel"],
    ] as const;
    expect(await openDoors(doors)).toEqual([]);
  });

  it("tells who waits and why, and no word of what was written", async () => {
    await server.user("anna").send({ to: ["olga@far.example"], subject: SECRET, text: SECRET });
    const { text, reply } = await until(async () => {
      const list = await ask(server.administrator, "GET", "/admin/mail/queue");
      expect(list.text).toContain("450 4.2.0 Later");
      return list;
    });
    expect(reply).toMatchObject({
      rows: [{ state: "waiting", sender: "anna@ours.example", recipient: "olga@far.example", route: "own" }],
      counts: { waiting: 1, held: 0 },
    });
    expect(text).not.toContain(SECRET);
  });

  it("is held, tried again and given up, each noted with whom it was about", async () => {
    const { administrator } = server;
    const { rows } = (await ask(administrator, "GET", "/admin/mail/queue")).reply as unknown as {
      rows: { id: string }[];
    };
    const ids = rows.map(({ id }) => id);
    const state = async () => {
      const found = await ask(administrator, "GET", `/admin/mail/queue?state=held`);
      return (found.reply as unknown as { rows: object[] }).rows.length;
    };
    await noted("mail.queue%");
    expect((await ask(administrator, "POST", "/admin/mail/queue/hold", { ids })).reply).toEqual({ changed: 1 });
    expect(await state()).toBe(1);
    // What is held already, and what is not there, is not done again.
    expect((await ask(administrator, "POST", "/admin/mail/queue/hold", { ids: [...ids, newId()] })).reply).toEqual({
      changed: 0,
    });
    expect((await ask(administrator, "POST", "/admin/mail/queue/retry", { filter: { state: "held" } })).reply).toEqual({
      changed: 1,
    });
    expect(await state()).toBe(0);
    await until(async () =>
      expect((await ask(administrator, "POST", "/admin/mail/queue/cancel", { ids })).reply).toEqual({ changed: 1 }),
    );
    expect((await ask(administrator, "POST", "/admin/mail/queue/retry", { ids })).reply).toEqual({ changed: 0 });
    const entries = (await noted("mail.queue%")).filter(({ details }) => details["count"] !== 0);
    expect(entries.map(({ action, login, object_kind }) => [action, login, object_kind])).toEqual([
      ["mail.queueHeld", "root", "mailQueue"],
      ["mail.queueRetried", "root", "mailQueue"],
      ["mail.queueCancelled", "root", "mailQueue"],
    ]);
    expect(entries[0]?.details).toEqual({ count: 1, recipients: ["olga@far.example"] });
    expect(JSON.stringify(entries)).not.toContain(SECRET);
  });

  it.each([
    ["an act that there is not", "/admin/mail/queue/burn", { ids: [newId()] }],
    ["no ids", "/admin/mail/queue/hold", { ids: [] }],
    ["more ids than at once", "/admin/mail/queue/hold", { ids: Array.from({ length: 501 }, () => newId()) }],
    ["neither ids nor a filter", "/admin/mail/queue/hold", {}],
  ])("refuses %s", async (_what, path, body) => {
    expect((await ask(server.administrator, "POST", path, body)).status).toBe(422);
  });
});

describe("quarantine", { timeout: 60_000 }, () => {
  /** As delivery leaves behind what fails again and again: the raw message is that of one which was sent here. */
  async function quarantined(to: string): Promise<string> {
    const id = newId();
    await server.user("anna").send({ to: ["ben@ours.example"], subject: SECRET, text: SECRET });
    await until(async () => {
      const { rowCount } = await server.test.pool.query(
        `insert into mail_inbound (id, raw_sha256, raw_size, body_sha256, envelope_from, recipients, verdict, state, reason, message)
         select $1, raw_sha256, raw_size, raw_sha256, 'olga@far.example', array[$2], '{"ip":"192.0.2.1"}', 'quarantined',
           'failed', 'It failed' from mail_content where subject = $3 and raw_sha256 is not null
         order by created_at desc limit 1`,
        [id, to, SECRET],
      );
      expect(rowCount).toBe(1);
    });
    return id;
  }

  it("is administrators' alone, whatever lies in it", async () => {
    const id = await quarantined("cay@ours.example");
    const doors = [
      ["GET", "/admin/mail/quarantine"],
      ["POST", `/admin/mail/quarantine/${id}/release`],
      ["GET", `/admin/mail/quarantine/${id}/raw`],
      ["DELETE", `/admin/mail/quarantine/${id}`],
    ] as const;
    expect(await openDoors(doors)).toEqual([]);
    expect((await ask(server.administrator, "DELETE", `/admin/mail/quarantine/${id}`)).status).toBe(204);
  });

  it("tells from where it came and why it is there; reading it is noted before a byte of it leaves", async () => {
    const id = await quarantined("cay@ours.example");
    const list = await ask(server.administrator, "GET", "/admin/mail/quarantine");
    expect(list.reply).toMatchObject({
      rows: [{ id, from: "olga@far.example", recipients: ["cay@ours.example"], ip: "192.0.2.1", reason: "failed" }],
    });
    expect(list.text).not.toContain(SECRET);
    await noted("mail.quarantine%");
    const raw = await server.administrator.fetch(`/api/admin/mail/quarantine/${id}/raw`);
    expect(await raw.text()).toContain(`Subject: ${SECRET}`);
    // Never shown by a browser.
    expect(raw.headers.get("content-type")).toBe("application/octet-stream");
    expect(raw.headers.get("content-disposition")).toContain("attachment");
    expect(await noted("mail.quarantine%")).toMatchObject([
      {
        action: "mail.quarantineDownloaded",
        login: "root",
        object_kind: "mailQuarantine",
        details: { reason: "failed" },
      },
    ]);
    await ask(server.administrator, "DELETE", `/admin/mail/quarantine/${id}`);
  });

  it("is released to those it was for, once, or dropped, once", async () => {
    const { administrator } = server;
    const [released, dropped] = [await quarantined("cay@ours.example"), await quarantined("cay@ours.example")];
    await noted("mail.quarantine%");
    expect((await ask(administrator, "POST", `/admin/mail/quarantine/${released}/release`)).status).toBe(204);
    expect(await server.user("cay").folder("inbox")).toMatchObject([
      { subject: SECRET, authenticity: { internal: false } },
    ]);
    expect((await ask(administrator, "DELETE", `/admin/mail/quarantine/${dropped}`)).status).toBe(204);
    for (const id of [released, dropped, newId()])
      expect(await ask(administrator, "POST", `/admin/mail/quarantine/${id}/release`)).toMatchObject({
        status: 404,
        reply: { reason: "quarantine.unknown" },
      });
    expect((await noted("mail.quarantine%")).map(({ action }) => action)).toEqual([
      "mail.quarantineReleased",
      "mail.quarantineDropped",
    ]);
    expect(await server.user("cay").folder("inbox")).toHaveLength(1);
  });

  it("stays where nobody has the address", async () => {
    const id = await quarantined("gone@ours.example");
    const { administrator } = server;
    expect(await ask(administrator, "POST", `/admin/mail/quarantine/${id}/release`)).toMatchObject({
      status: 409,
      reply: { reason: "quarantine.noRecipient" },
    });
    expect((await ask(administrator, "GET", "/admin/mail/quarantine")).text).toContain(id);
  });
});

describe("domains", { timeout: 60_000 }, () => {
  it("are administrators' alone", async () => {
    const doors = [
      ["GET", "/admin/mail/domains"],
      ["POST", "/admin/mail/domains"],
      ["POST", "/admin/mail/domains/ours.example/check"],
      ["POST", "/admin/mail/domains/ours.example/keys"],
      ["DELETE", "/admin/mail/domains/ours.example"],
      ["DELETE", `/admin/mail/keys/${newId()}`],
    ] as const;
    expect(await openDoors(doors)).toEqual([]);
  });

  it("come with keys of which the private half is never told, and go when no address is of them", async () => {
    const { administrator } = server;
    await noted("mail.%");
    const added = await ask(administrator, "POST", "/admin/mail/domains", { name: "Zweite.example" });
    expect(added).toMatchObject({ status: 201, reply: { name: "zweite.example", addresses: 0 } });
    const { keys } = added.reply as unknown as { keys: { id: string; state: string; record: { value: string } }[] };
    expect(keys.map(({ state }) => state)).toEqual(["pending", "pending"]);
    const all = (await ask(administrator, "GET", "/admin/mail/domains")).text;
    expect(all).toContain("v=DKIM1; k=rsa; p=");
    expect(all).not.toMatch(/PRIVATE|sealed/i);

    expect((await ask(administrator, "POST", "/admin/mail/domains/zweite.example/keys")).status).toBe(201);
    expect((await ask(administrator, "DELETE", `/admin/mail/keys/${keys[0]?.id}`)).status).toBe(204);
    expect((await ask(administrator, "DELETE", "/admin/mail/domains/zweite.example")).status).toBe(204);
    expect((await noted("mail.%")).map(({ action, object_kind }) => [action, object_kind])).toEqual([
      ["mail.domainAdded", "mailDomain"],
      ["mail.keysAdded", "mailDomain"],
      ["mail.keyRemoved", "mailDomain"],
      ["mail.domainRemoved", "mailDomain"],
    ]);
  });

  it.each([
    ["what is no domain", "POST", "/admin/mail/domains", { name: "not a domain" }, 422, "mailDomain.invalid"],
    ["one that is there", "POST", "/admin/mail/domains", { name: "ours.example" }, 409, "mailDomain.taken"],
    ["to remove one with addresses", "DELETE", "/admin/mail/domains/ours.example", undefined, 409, "mailDomain.used"],
    ["to look at one that is not there", "POST", "/admin/mail/domains/no.example/check", {}, 404, "mailDomain.unknown"],
    ["to remove a key that is not there", "DELETE", `/admin/mail/keys/${newId()}`, undefined, 404, "mailKey.unknown"],
  ])("refuses %s, with its reason, and notes nothing as done", async (_what, method, path, body, status, reason) => {
    await noted("mail.%");
    const { administrator } = server;
    expect(await ask(administrator, method, path, body)).toMatchObject({ status, reply: { reason } });
    expect(await noted("mail.%")).toEqual([]);
  });
});

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "kysely";
import { Registry } from "prom-client";
import { z } from "zod";
import { createAccessEngine, parsePolicies, type ResourceType, type Subject } from "@kontor/shared/access";
import { DomainError, newId, systemClock, type Clock, type JsonObject } from "@kontor/shared/base";
import {
  createAuditLog,
  createDoorbell,
  defineCollection,
  defineIntent,
  recordChanges,
  type Database,
  type Principal,
  type Transaction,
} from "#kernel";
import { createSync, type Sync, type SyncDeps } from "#sync";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";

export { openListener, type Listener } from "./listener.ts";
export { createManualClock, type ManualClock } from "./manualClock.ts";

/**
 * A server with nothing but sync: users with a department, notes under access policy with one section that only their
 * owner may read, comments that are seen with their note. Small enough that a test can say by itself, without the
 * engine, what everybody should see.
 */
export interface NoteServer {
  readonly url: string;
  readonly database: TestDatabase;
  readonly sync: Sync;
  readonly metrics: Registry;
  addUser(user: { readonly department: string; readonly id?: string }): Promise<string>;
  setDepartment(userId: string, department: string): Promise<void>;
  disable(userId: string): Promise<void>;
  endTokens(userId: string): void;
  /** The device was lost: its sign-in ends, and it removes what it holds. */
  revokeDevice(userId: string, deviceId: string): void;
  addNote(note: Partial<Note>): Promise<string>;
  editNote(id: string, set: Partial<Note>): Promise<void>;
  removeNote(id: string): Promise<void>;
  addComment(noteId: string, body: string): Promise<string>;
  /** Puts a note before a partner, whose country policies may ask for. */
  setPartner(noteId: string, partnerId: string): Promise<void>;
  setCountry(partnerId: string, country: string): Promise<void>;
  /** `ownersOnly` is a stricter set: notes are for their owners alone. */
  publish(policies: "department" | "ownersOnly" | readonly object[]): Promise<void>;
  /** Rights of one's own until then, without a department. */
  grant(userId: string, grant: { readonly department: string; readonly until: string }): Promise<void>;
  /** Where the next connections come from. */
  comeFrom(ip: string): void;
  setPrincipal(userId: string, set: Partial<Principal>): void;
  /** Another node on the same database; stopped with this one. */
  startNode(): Promise<{ readonly url: string; readonly sync: Sync }>;
  /** As after a restore from a backup: another epoch. */
  restart(options: { readonly epoch: string }): Promise<void>;
  ring(): void;
  tokenOf(userId: string): string;
  stop(): Promise<void>;
}

export interface NoteServerOptions {
  readonly leaseMs?: number;
  readonly pingMs?: number;
  readonly clock?: Clock;
  readonly alarm?: SyncDeps["alarm"];
  /** A bug on purpose: rows that are decided by another one are not decided again. For tests of the oracles. */
  readonly forgetsDependents?: true;
  /** As if any change could change subjects: each profile looks at each by itself. */
  readonly looksAlone?: boolean;
}

export interface Note {
  readonly id: string;
  readonly owner: string;
  readonly department: string;
  readonly text: string;
  readonly rank: number;
  readonly secret: string;
  readonly created_at: string;
  readonly partner: string | null;
}

interface Comment {
  readonly id: string;
  readonly note_id: string;
  readonly body: string;
}

const noteType: ResourceType = {
  name: "note",
  sections: { main: ["text", "rank", "owner", "department"], private: ["secret"] },
  attributes: { owner: "id", department: "text", createdAt: "dateTime", "partner.country": "text" },
  relations: { partner: "partner" },
  actions: ["read", "edit"],
  attributeSql(name) {
    const from = "note_partner as partner where partner.id = note.partner";
    if (name === "partner.country") return { sql: "partner.country", kind: "text", from };
    if (name === "createdAt") return { sql: "note.created_at", kind: "timestamptz" };
    return name === "owner" ? { sql: "note.owner", kind: "uuid" } : { sql: "note.department", kind: "text" };
  },
};
const partnerType: ResourceType = { name: "partner", sections: {}, attributes: { country: "text" }, actions: ["read"] };

const granted = {
  id: "granted",
  title: "Notes of a department that one was let into for a time",
  effect: "allow",
  resource: "note",
  actions: ["read"],
  sections: ["main"],
  when: { eq: ["obj.department", "sub.granted"] },
};

const SETS = {
  department: [
    granted,
    {
      id: "department",
      title: "Notes of one's department",
      effect: "allow",
      resource: "note",
      actions: ["read", "edit"],
      sections: ["main"],
      when: { eq: ["obj.department", "sub.department"] },
    },
    {
      id: "own",
      title: "Own notes",
      effect: "allow",
      resource: "note",
      actions: ["read", "edit"],
      sections: "*",
      when: { eq: ["obj.owner", "sub.id"] },
    },
  ],
  ownersOnly: [
    {
      id: "own",
      title: "Own notes",
      effect: "allow",
      resource: "note",
      actions: ["read", "edit"],
      sections: "*",
      when: { eq: ["obj.owner", "sub.id"] },
    },
  ],
};

const collections = [
  defineCollection<Note>({
    name: "notes",
    access: {
      kind: "policy",
      stored: { table: "note", types: () => ["note"] },
      async resources(db, rows) {
        const { rows: partners } = await sql<{ id: string; country: string }>`
          select id, country from note_partner where id = any(${rows.map((row) => row.partner)}::uuid[])`.execute(db);
        const countries = new Map(partners.map(({ id, country }) => [id, country]));
        return rows.map((row) => ({
          type: "note",
          attributes: {
            owner: row.owner,
            department: row.department,
            createdAt: row.created_at,
            "partner.country": countries.get(row.partner ?? ""),
          },
        }));
      },
    },
    dependents: async (db, ids) =>
      (await sql<{ id: string }>`select id from note where partner = any(${ids}::uuid[])`.execute(db)).rows.map(
        ({ id }) => id,
      ),
    byIds: async (db, ids) => (await sql<Note>`select * from note where id = any(${ids}::uuid[])`.execute(db)).rows,
    scan: async (db, after, limit) =>
      (
        await sql<Note>`select * from note where ${after === undefined ? sql`true` : sql`id > ${after}::uuid`} order by id limit ${limit}`.execute(
          db,
        )
      ).rows,
    project(row, access) {
      if (row.text === "cannot be shown") throw new Error("This note is broken.");
      const seen = Object.entries(row).filter(([name]) => name === "id" || access.field(name) === "visible");
      return Object.fromEntries(seen) as JsonObject;
    },
  }),
  defineCollection<Comment>({
    name: "comments",
    access: {
      kind: "parent",
      collection: "notes",
      parentId: (row) => row.note_id,
      byParents: async (db, ids) =>
        (await sql<Comment>`select * from note_comment where note_id = any(${ids}::uuid[])`.execute(db)).rows,
    },
    byIds: async (db, ids) =>
      (await sql<Comment>`select * from note_comment where id = any(${ids}::uuid[])`.execute(db)).rows,
    scan: async (db, after, limit) =>
      (
        await sql<Comment>`select * from note_comment where ${after === undefined ? sql`true` : sql`id > ${after}::uuid`} order by id limit ${limit}`.execute(
          db,
        )
      ).rows,
    project: (row) => ({ id: row.id, noteId: row.note_id, body: row.body }),
  }),
];

const fields = z.object({ text: z.string().max(1_000), rank: z.number().int(), department: z.string() }).partial();

const intents = [
  defineIntent({
    name: "note.create",
    collection: "notes",
    args: fields,
    access: { kind: "self", because: "everybody may write notes" },
    async apply(trx, { id, args }, actor) {
      if (args.text === "refuse me") throw new DomainError("invalid", "Not this text.", { reason: "note.refused" });
      await insertNote(trx, { ...(args as Partial<Note>), id, owner: actor.subject.id });
      return { status: "applied" };
    },
  }),
  defineIntent({
    name: "note.edit",
    collection: "notes",
    args: fields,
    access: { kind: "policy", resource: "note", action: "edit" },
    async apply(trx, { id, args }, actor) {
      const { rows } = await sql<Note>`select * from note where id = ${id} for update`.execute(trx);
      const note = rows[0];
      const access =
        note &&
        actor.engine.accessTo(
          actor.subject,
          { type: "note", attributes: { owner: note.owner, department: note.department, createdAt: note.created_at } },
          actor.context,
        );
      if (!note || !access?.readable)
        throw new DomainError("notFound", "There is no such note.", { reason: "note.unknown" });
      if (args.text === "refuse me") throw new DomainError("invalid", "Not this text.", { reason: "note.refused" });
      if (args.text === "later")
        throw new DomainError("unavailable", "Not now.", { reason: "note.later", retryAfterMs: 50 });
      await updateNote(trx, id, args as Partial<Note>);
      return { status: "applied", data: { edits: 1 } };
    },
  }),
];

async function insertNote(trx: Transaction, note: Partial<Note> & { id: string }): Promise<void> {
  await sql`insert into note (id, owner, department, text, rank, secret, created_at) values
    (${note.id}, ${note.owner ?? newId()}, ${note.department ?? "sales"}, ${note.text ?? ""}, ${note.rank ?? 0}, ${note.secret ?? ""},
    ${note.created_at ?? sql`now()`})`.execute(trx);
  await recordChanges(trx, [{ collection: "notes", id: note.id }]);
}

async function updateNote(trx: Transaction, id: string, set: Partial<Note>): Promise<void> {
  for (const [name, value] of Object.entries(set))
    await sql`update note set ${sql.ref(name)} = ${value} where id = ${id}`.execute(trx);
  await sql`update note set edits = edits + 1 where id = ${id}`.execute(trx);
  await recordChanges(trx, [{ collection: "notes", id }]);
}

async function createTables(db: Database): Promise<void> {
  await sql`create table note_user (id uuid primary key, department text not null, active boolean not null default true,
    granted text, granted_until timestamptz)`.execute(db);
  await sql`create table note_partner (id uuid primary key, country text not null)`.execute(db);
  await sql`create table note_policies (rev serial primary key, policies jsonb not null)`.execute(db);
  await sql`create table note (id uuid primary key, owner uuid not null, department text not null, text text not null,
    rank int not null, secret text not null, edits int not null default 0, created_at timestamptz not null default now(), partner uuid)`.execute(
    db,
  );
  await sql`create table note_comment (id uuid primary key, note_id uuid not null, body text not null)`.execute(db);
}

async function loadSubject(db: Database, clock: Clock, userId: string): Promise<Subject | undefined> {
  const { rows } = await sql<{ department: string; granted: string | null; until: string | null }>`
    select department, granted, granted_until as until from note_user where id = ${userId} and active`.execute(db);
  const [row] = rows;
  const until = Date.parse(row?.until ?? "");
  const isGranted = until > clock.now();
  return (
    row && {
      id: userId,
      login: userId,
      groups: [],
      department: row.department,
      departments: [row.department],
      subtree: [],
      positions: [],
      managers: [],
      isAdmin: false,
      attributes: isGranted ? { granted: row.granted } : {},
      ...(isGranted && { validUntil: new Date(until).toISOString() }),
    }
  );
}

/** The newest published set; as the office does, it looks before anybody is decided about (VIS-5). */
function createPolicies(db: Database) {
  let engine = engineOf(SETS.department, "0");
  let listener = () => {};
  async function refresh(): Promise<void> {
    const { rows } = await sql<{ rev: number; policies: readonly object[] }>`
      select rev, policies from note_policies where rev > ${Number(engine.rev)} order by rev desc limit 1`.execute(db);
    const [newest] = rows;
    if (!newest || newest.rev <= Number(engine.rev)) return;
    engine = engineOf(newest.policies, String(newest.rev));
    listener();
  }
  return { engine: () => engine, refresh, onPublished: (listen: () => void) => void (listener = listen) };
}

export async function startNoteServer({
  leaseMs = 86_400_000,
  pingMs,
  clock = systemClock,
  alarm,
  forgetsDependents,
  looksAlone = false,
}: NoteServerOptions = {}): Promise<NoteServer> {
  const database = await createTestDatabase();
  const { db } = database;
  await createTables(db);
  const metrics = new Registry();
  const endedTokens = new Set<string>();
  const revoked = new Set<string>();
  const principals = new Map<string, Partial<Principal>>();
  let ip = "10.0.0.1";

  async function authenticate(token: string): Promise<Principal | undefined> {
    const userId = token.slice("token-".length);
    const { rows } = await sql<{ active: boolean }>`select active from note_user where id = ${userId}`.execute(db);
    const isRevoked = revoked.has(principals.get(userId)?.deviceId ?? "");
    if (!rows[0] || endedTokens.has(userId) || isRevoked) return undefined;
    if (!rows[0].active) throw new DomainError("forbidden", "off", { reason: "signIn.disabled" });
    const set = principals.get(userId) ?? {};
    const scopes = ["read", "write"] as const;
    return { userId, login: userId, name: userId, isAdmin: false, channel: "desktop", scopes, ...set };
  }

  async function startNode(registry: Registry, epoch: string, port = 0) {
    const doorbell = await createDoorbell({ url: database.url, log: silentLog });
    const policies = createPolicies(db);
    await policies.refresh();
    const sync = createSync({
      db,
      audit: createAuditLog({ db, clock }),
      doorbell,
      collections: forgetsDependents ? collections.map(({ dependents: _dependents, ...each }) => each) : collections,
      intents,
      access: policies.engine,
      authenticate,
      async loadSubject(userId) {
        await policies.refresh();
        return await loadSubject(db, clock, userId);
      },
      ...(!looksAlone && { subjectCollections: ["users"] }),
      epoch,
      leaseMs,
      ...(pingMs !== undefined && { pingMs }),
      origins: () => ["http://console.example"],
      clock,
      ...(alarm && { alarm }),
      addressOf: () => ip,
      isDeviceRevoked: async (deviceId) => revoked.has(deviceId),
      log: silentLog,
      metrics: registry,
    });
    // Whoever publishes waits for it, and hears why it failed.
    policies.onPublished(() => void sync.recompute().catch(() => undefined));
    const stopListening = doorbell.onRing(() => void policies.refresh());
    const http = createServer((_request, response) => response.writeHead(404).end());
    sync.attach(http);
    await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
    const address = http.address() as AddressInfo;
    return {
      sync,
      doorbell,
      policies,
      port: address.port,
      url: `http://127.0.0.1:${address.port}`,
      async stop() {
        stopListening();
        await sync.drain();
        http.closeAllConnections();
        await new Promise((resolve) => http.close(resolve));
        await doorbell.close();
      },
    };
  }

  let node = await startNode(metrics, "first");
  const others: (typeof node)[] = [];

  async function change<T>(work: (trx: Transaction) => Promise<T>): Promise<T> {
    const result = await db.transaction().execute(work);
    node.doorbell.ring();
    return result;
  }

  return {
    get url() {
      return node.url;
    },
    database,
    get sync() {
      return node.sync;
    },
    metrics,
    async addUser({ department, id = newId() }) {
      await sql`insert into note_user (id, department) values (${id}, ${department})`.execute(db);
      return id;
    },
    async setDepartment(userId, department) {
      await change(async (trx) => {
        await sql`update note_user set department = ${department} where id = ${userId}`.execute(trx);
        await recordChanges(trx, [{ collection: "users", id: userId }]);
      });
    },
    async grant(userId, { department, until }) {
      await change(async (trx) => {
        await sql`update note_user set granted = ${department}, granted_until = ${until} where id = ${userId}`.execute(
          trx,
        );
        await recordChanges(trx, [{ collection: "users", id: userId }]);
      });
    },
    async setPartner(noteId, partnerId) {
      await sql`insert into note_partner (id, country) values (${partnerId}, 'none') on conflict do nothing`.execute(
        db,
      );
      await change(async (trx) => {
        await sql`update note set partner = ${partnerId} where id = ${noteId}`.execute(trx);
        await recordChanges(trx, [{ collection: "notes", id: noteId }]);
      });
    },
    async setCountry(partnerId, country) {
      await change(async (trx) => {
        await sql`update note_partner set country = ${country} where id = ${partnerId}`.execute(trx);
        await recordChanges(trx, [{ collection: "partners", id: partnerId }]);
      });
    },
    comeFrom(address) {
      ip = address;
    },
    setPrincipal: (userId, set) => void principals.set(userId, set),
    async disable(userId) {
      await sql`update note_user set active = false where id = ${userId}`.execute(db);
      node.sync.kick({ userId, why: "disabled" });
    },
    revokeDevice(userId, deviceId) {
      revoked.add(deviceId);
      node.sync.kick({ userId, deviceId, why: "deviceRevoked" });
    },
    endTokens(userId) {
      endedTokens.add(userId);
      node.sync.kick({ userId, why: "signedOut" });
    },
    async addNote(note) {
      const id = note.id ?? newId();
      await change((trx) => insertNote(trx, { ...note, id }));
      return id;
    },
    editNote: (id, set) => change((trx) => updateNote(trx, id, set)),
    removeNote: (id) =>
      change(async (trx) => {
        const { rows } = await sql<Comment>`delete from note_comment where note_id = ${id} returning *`.execute(trx);
        await sql`delete from note where id = ${id}`.execute(trx);
        await recordChanges(trx, [
          { collection: "notes", id },
          ...rows.map((row) => ({ collection: "comments", id: row.id })),
        ]);
      }),
    async addComment(noteId, body) {
      const id = newId();
      await change(async (trx) => {
        await sql`insert into note_comment (id, note_id, body) values (${id}, ${noteId}, ${body})`.execute(trx);
        await recordChanges(trx, [{ collection: "comments", id }]);
      });
      return id;
    },
    async publish(policies) {
      const list = typeof policies === "string" ? SETS[policies] : policies;
      await sql`insert into note_policies (policies) values (${JSON.stringify(list)}::jsonb)`.execute(db);
      node.doorbell.ring();
      await node.policies.refresh();
      await node.sync.recompute();
    },
    async startNode() {
      const other = await startNode(new Registry(), "first");
      others.push(other);
      return other;
    },
    async restart({ epoch }) {
      const { port } = node;
      await node.stop();
      metrics.clear();
      node = await startNode(metrics, epoch, port);
    },
    ring: () => node.doorbell.ring(),
    tokenOf: (userId) => `token-${userId}`,
    async stop() {
      for (const each of [...others, node]) await each.stop();
      await database.drop();
    },
  };
}

function engineOf(policies: readonly object[], rev: string) {
  const resources = [noteType, partnerType];
  const parsed = parsePolicies(policies, resources, { subjectAttributes });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  return createAccessEngine({ policies: parsed.policies, resources, rev, subjectAttributes });
}

const subjectAttributes = { granted: "text" } as const;

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "kysely";
import { Registry } from "prom-client";
import { z } from "zod";
import { createAccessEngine, parsePolicies, type ResourceType, type Subject } from "@kontor/shared/access";
import { DomainError, newId, systemClock, type JsonObject } from "@kontor/shared/base";
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
import { createSync, type Sync } from "#sync";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";

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
  addNote(note: Partial<Note>): Promise<string>;
  editNote(id: string, set: Partial<Note>): Promise<void>;
  removeNote(id: string): Promise<void>;
  addComment(noteId: string, body: string): Promise<string>;
  /** A stricter set: notes are for their owners alone. */
  publish(policies: "department" | "ownersOnly"): Promise<void>;
  ring(): void;
  tokenOf(userId: string): string;
  stop(): Promise<void>;
}

export interface Note {
  readonly id: string;
  readonly owner: string;
  readonly department: string;
  readonly text: string;
  readonly rank: number;
  readonly secret: string;
}

interface Comment {
  readonly id: string;
  readonly note_id: string;
  readonly body: string;
}

const noteType: ResourceType = {
  name: "note",
  sections: { main: ["text", "rank", "owner", "department"], private: ["secret"] },
  attributes: { owner: "id", department: "text" },
  actions: ["read", "edit"],
};

const SETS = {
  department: [
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
      resource: (row) => ({ type: "note", attributes: { owner: row.owner, department: row.department } }),
    },
    byIds: async (db, ids) => (await sql<Note>`select * from note where id = any(${ids}::uuid[])`.execute(db)).rows,
    scan: async (db, after, limit) =>
      (
        await sql<Note>`select * from note where ${after === undefined ? sql`true` : sql`id > ${after}::uuid`} order by id limit ${limit}`.execute(
          db,
        )
      ).rows,
    project(row, access) {
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
          { type: "note", attributes: { owner: note.owner, department: note.department } },
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
  await sql`insert into note (id, owner, department, text, rank, secret) values
    (${note.id}, ${note.owner ?? newId()}, ${note.department ?? "sales"}, ${note.text ?? ""}, ${note.rank ?? 0}, ${note.secret ?? ""})`.execute(
    trx,
  );
  await recordChanges(trx, [{ collection: "notes", id: note.id }]);
}

async function updateNote(trx: Transaction, id: string, set: Partial<Note>): Promise<void> {
  for (const [name, value] of Object.entries(set))
    await sql`update note set ${sql.ref(name)} = ${value} where id = ${id}`.execute(trx);
  await sql`update note set edits = edits + 1 where id = ${id}`.execute(trx);
  await recordChanges(trx, [{ collection: "notes", id }]);
}

async function createTables(db: Database): Promise<void> {
  await sql`create table note_user (id uuid primary key, department text not null, active boolean not null default true)`.execute(
    db,
  );
  await sql`create table note (id uuid primary key, owner uuid not null, department text not null, text text not null,
    rank int not null, secret text not null, edits int not null default 0)`.execute(db);
  await sql`create table note_comment (id uuid primary key, note_id uuid not null, body text not null)`.execute(db);
}

async function loadSubject(db: Database, userId: string): Promise<Subject | undefined> {
  const { rows } = await sql<{
    department: string;
  }>`select department from note_user where id = ${userId} and active`.execute(db);
  const [row] = rows;
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
      attributes: {},
    }
  );
}

export async function startNoteServer({ leaseMs = 86_400_000 }: { leaseMs?: number } = {}): Promise<NoteServer> {
  const database = await createTestDatabase();
  const { db } = database;
  await createTables(db);
  const doorbell = await createDoorbell({ url: database.url, log: silentLog });
  const metrics = new Registry();
  let engine = engineOf("department");
  const endedTokens = new Set<string>();

  async function authenticate(token: string): Promise<Principal | undefined> {
    const userId = token.slice("token-".length);
    const { rows } = await sql<{ active: boolean }>`select active from note_user where id = ${userId}`.execute(db);
    if (!rows[0] || endedTokens.has(userId)) return undefined;
    if (!rows[0].active) throw new DomainError("forbidden", "off", { reason: "signIn.disabled" });
    return { userId, login: userId, name: userId, isAdmin: false, channel: "desktop", scopes: ["read", "write"] };
  }

  const sync = createSync({
    db,
    audit: createAuditLog({ db, clock: systemClock }),
    doorbell,
    collections,
    intents,
    access: () => engine,
    authenticate,
    loadSubject: (userId) => loadSubject(db, userId),
    epoch: "first",
    leaseMs,
    origins: () => ["http://console.example"],
    clock: systemClock,
    log: silentLog,
    metrics,
  });
  const http = createServer((_request, response) => response.writeHead(404).end());
  sync.attach(http);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;

  async function change<T>(work: (trx: Transaction) => Promise<T>): Promise<T> {
    const result = await db.transaction().execute(work);
    doorbell.ring();
    return result;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    database,
    sync,
    metrics,
    async addUser({ department, id = newId() }) {
      await sql`insert into note_user (id, department) values (${id}, ${department})`.execute(db);
      return id;
    },
    async setDepartment(userId, department) {
      await sql`update note_user set department = ${department} where id = ${userId}`.execute(db);
      doorbell.ring();
    },
    async disable(userId) {
      await sql`update note_user set active = false where id = ${userId}`.execute(db);
      sync.kick({ userId, why: "disabled" });
    },
    endTokens(userId) {
      endedTokens.add(userId);
      sync.kick({ userId, why: "signedOut" });
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
    async publish(name) {
      engine = engineOf(name);
      await sync.recompute();
    },
    ring: () => doorbell.ring(),
    tokenOf: (userId) => `token-${userId}`,
    async stop() {
      await sync.drain();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await doorbell.close();
      await database.drop();
    },
  };
}

function engineOf(name: keyof typeof SETS) {
  const parsed = parsePolicies(SETS[name], [noteType]);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  return createAccessEngine({ policies: parsed.policies, resources: [noteType], rev: name });
}

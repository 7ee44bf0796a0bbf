import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFilePlaces, createFileRows, importFile, keepFiles, type BlobStore } from "#files";
import { attachmentPlace, createProvisioning, importMail } from "#mail";
import { createTypeRegistry, saveTypes } from "#objects";
import { ensureAdministrators, loadAdministrators } from "#people";
import { createTestDatabase, type TestDatabase } from "#testing";
import { recordFiles } from "../../../src/files/files.fixture.ts";
import { office } from "../index.ts";
import { demoDomain, loadDemo, type DemoFile, type LoadedDemo } from "./index.ts";

const types = createTypeRegistry(office.types);
// A Monday: steps of the days before it fall together, which is where an order could break.
const NOW = Date.parse("2026-03-02T15:00:00.000Z");

// The stores have a contract suite of their own; here only rows count.
const forgetful = {
  put: async (_body: unknown, expected?: { sha256?: string; size?: number }) => ({
    sha256: expected?.sha256 ?? "",
    size: expected?.size ?? 0,
  }),
} as unknown as BlobStore;

const files = recordFiles(types);
const mailRows = createFileRows({ places: createFilePlaces([attachmentPlace]) });
let test: TestDatabase;
const stored = new Map<string, { readonly file: DemoFile; readonly bytes: Buffer }>();
const load = (): Promise<LoadedDemo> =>
  loadDemo({
    db: test.db,
    types,
    timeZone: "Europe/Moscow",
    now: NOW,
    async storeFile(file, bytes) {
      stored.set(file.id, { file, bytes });
      await importFile({ db: test.db, blobs: forgetful, ...files, onStored: async () => undefined }, file, bytes);
    },
    async importMail(mail) {
      const provisioning = createProvisioning({ domains: [demoDomain] });
      await test.db.transaction().execute(async (trx) => {
        await provisioning.ensureDomains(trx, demoDomain);
        await provisioning.ensureMailboxes(trx);
      });
      await importMail(
        {
          db: test.db,
          blobs: forgetful,
          types,
          keepFiles: (trx, kept) => keepFiles(trx, { rows: mailRows, onStored: async () => undefined }, kept),
        },
        mail,
      );
    },
  });

let loaded: LoadedDemo;
beforeAll(async () => {
  test = await createTestDatabase();
  await ensureAdministrators(test.db);
  await saveTypes(test.db, types);
  loaded = await load();
});
afterAll(() => test.drop());

const count = async (statement: ReturnType<typeof sql<{ n: number }>>) => (await statement.execute(test.db)).rows[0]?.n;

describe("the demo company", () => {
  it("is a company: 40 people, some 300 records of every type, papers in both languages", async () => {
    expect(loaded).toMatchObject({ created: true, people: 40 });
    expect(loaded.records).toBeGreaterThanOrEqual(300);
    const { rows } = await sql<{
      type: string;
      n: number;
    }>`select type, count(*)::int as n from record group by type`.execute(test.db);
    expect(rows.map(({ type }) => type).sort()).toEqual(office.types.map(({ name }) => name).sort());
    for (const { n } of rows) expect(n).toBeGreaterThanOrEqual(25);
    expect(stored.size).toBe(loaded.files);
    expect(await count(sql`select count(*)::int as n from file where record_id is not null and state = 'stored'`)).toBe(
      loaded.files,
    );
    expect(loaded.files).toBeGreaterThanOrEqual(40);
  });

  it("is loaded once", async () => {
    const before = await count(sql`select count(*)::int as n from change_log`);
    expect(await load()).toMatchObject({ created: false, people: 40, files: loaded.files });
    expect(await count(sql`select count(*)::int as n from change_log`)).toBe(before);
  });

  it("has an administrator, and people in every state of work", async () => {
    expect((await loadAdministrators(test.db)).map(({ login }) => login)).toContain("anton");
    for (const type of office.types) {
      const { rows } = await sql<{
        state: string;
      }>`select distinct state from record where type = ${type.name}`.execute(test.db);
      expect(rows.length).toBeGreaterThanOrEqual(2);
    }
  });

  it("has a past that lies in the past and in order, with numbers that grow", async () => {
    expect(
      await count(sql`select count(*)::int as n from record_history where at > ${new Date(NOW).toISOString()}`),
    ).toBe(0);
    expect(
      await count(
        sql`select count(*)::int as n from record_history a join record_history b on a.record_id = b.record_id and a.kind <> 'file' and b.kind <> 'file' and a.id < b.id and a.at > b.at`,
      ),
    ).toBe(0);
    expect(
      await count(sql`select count(*)::int as n from record a join record b on a.type = b.type and a.type <> 'counterparty'
      and left(a.fields->>'number', 8) = left(b.fields->>'number', 8) and a.fields->>'number' < b.fields->>'number' and a.created_at > b.created_at + interval '3 days'`),
    ).toBe(0);
  });

  it("has files that are what their names say, hanging where the type says", () => {
    const heads: Readonly<Record<string, string>> = {
      docx: "PK\u0003\u0004",
      xlsx: "PK\u0003\u0004",
      pdf: "%PDF",
      png: "\u0089PNG",
    };
    const kinds = new Set<string>();
    for (const { file, bytes } of stored.values()) {
      const ending = file.name.slice(file.name.lastIndexOf(".") + 1);
      kinds.add(ending);
      expect(bytes.subarray(0, 4).toString("latin1")).toBe(heads[ending]);
      expect(bytes.length).toBeGreaterThan(2_000);
    }
    expect([...kinds].sort()).toEqual(["docx", "pdf", "png", "xlsx"]);
  });

  it("writes: some 60 messages in threads of both languages, from inside and outside, in everybody's own and two shared mailboxes", async () => {
    expect(
      await count(sql`select count(*)::int as n from mail_content where raw_sha256 is not null`),
    ).toBeGreaterThanOrEqual(55);
    expect(await count(sql`select count(*)::int as n from mailbox where kind = 'personal'`)).toBe(40);
    expect(
      await count(
        sql`select count(*)::int as n from mailbox where kind = 'shared' and address like '%@aurora.example'`,
      ),
    ).toBe(2);
    expect(await count(sql`select count(*)::int as n from mail_message where send_state = 'draft'`)).toBe(2);
    expect(await count(sql`select count(*)::int as n from mail_rule`)).toBe(3);
    expect(
      await count(sql`select count(*)::int as n from file where mail_content_id is not null`),
    ).toBeGreaterThanOrEqual(5);
    expect(await count(sql`select count(*)::int as n from contact where kind = 'shared'`)).toBe(20);
    // One thread in each mailbox that it reached, however many messages it has.
    const { rows } = await sql<{ threads: number; messages: number }>`
      select count(distinct m.thread_id)::int as threads, count(*)::int as messages
      from mail_message m join mail_content c on c.id = m.content_id join mailbox b on b.id = m.mailbox_id
      where b.address = 'ivan@aurora.example' and c.subject like '%ставки на следующий квартал'`.execute(test.db);
    expect(rows).toEqual([{ threads: 1, messages: 5 }]);
  });

  it("has mail that is linked to the records whose numbers it names", async () => {
    const { rows } = await sql<{ type: string }>`
      select distinct type from mail_link join record on record.id = mail_link.record_id order by 1`.execute(test.db);
    expect(rows.map(({ type }) => type)).toEqual(["contract", "invoice"]);
  });

  it("has mail that came before now, and none that comes twice", async () => {
    expect(
      await count(sql`select count(*)::int as n from mail_message where received_at > ${new Date(NOW).toISOString()}`),
    ).toBe(0);
    expect(
      await count(sql`select count(*)::int as n from (
        select mailbox_id, content_id from mail_message where send_state is null group by 1, 2 having count(*) > 1) as twice`),
    ).toBe(0);
  });
});

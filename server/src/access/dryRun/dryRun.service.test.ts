import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { AccessEngine, DryRunPerson, Policy } from "@kontor/shared/access";
import { newId, systemClock } from "@kontor/shared/base";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createAccess, createDryRuns, type AccessService, type DryRuns, type ResourceSource } from "#access";
import { createQueue, resourcesOfRows, type Queue } from "#kernel";
import {
  createTypeRegistry,
  objectCollections,
  objectTypeResource,
  resourceTypesOf,
  saveTypes,
  type TypeRegistry,
} from "#objects";
import { loadAdministrators, loadSubject, peopleCollections, peopleResources } from "#people";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { office } from "../../../packs/office/index.ts";
import { startDryRuns } from "../../main.dryRun.ts";
import { insertDraft } from "../policyDraft.repo.ts";
import { listDryRuns, listPeople } from "./dryRun.repo.ts";

/** On a real database, with the office pack's types and policies, and the queue that works in a real server. */
const USERS = 12;
const DEPARTMENTS = 4;
const RECORDS = 400;

let database: TestDatabase;
let types: TypeRegistry;
let access: AccessService;
let dryRuns: DryRuns;
let queue: Queue;
let users: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  types = createTypeRegistry(office.types);
  await saveTypes(db, types);
  users = await addPeople();
  await addRecords();
  const resources = [...peopleResources, objectTypeResource, ...resourceTypesOf(types.all())];
  const known = new Set(["*", "system", ...resources.map(({ name }) => name)]);
  access = await createAccess({
    db,
    log: silentLog,
    resources,
    policies: [...office.policies.filter(({ resource }) => known.has(resource)), nearCounterparty],
    subjectAttributes: { clearance: "number" },
    loadSubject: (id) => loadSubject(db, id),
    loadAdministrators: () => loadAdministrators(db),
  });
  dryRuns = startDryRuns({ db, types, access, collections: collections(), clock: systemClock, log: silentLog });
  queue = await createQueue({ url: database.url, jobs: [dryRuns.job], log: silentLog, pollSeconds: 0.5 });
}, 120_000);
afterAll(async () => {
  dryRuns?.stop();
  access?.close();
  await queue?.stop();
  await database?.drop();
});
beforeEach(async () => {
  await database.pool.query("delete from policy_draft");
});

const collections = () => [...objectCollections({ types }), ...peopleCollections];

/** One relation away, so that this is read by the dry run, too. */
const nearCounterparty: Policy = {
  id: "near-counterparty",
  title: "Whoever is responsible for the counterparty reads its contracts",
  effect: "allow",
  resource: "contract",
  actions: ["read"],
  sections: ["main"],
  mask: { "main.amount": { redact: "all" } },
  when: { eq: ["obj.counterparty.owner", "sub.id"] },
};

async function addPeople(): Promise<string[]> {
  const departments = Array.from({ length: DEPARTMENTS }, () => newId());
  for (const [index, id] of departments.entries())
    await database.pool.query("insert into department (id, parent_id, name_en, name_ru) values ($1, $2, $3, $3)", [
      id,
      index === 0 ? null : departments[0],
      `Department ${index}`,
    ]);
  const ids = Array.from({ length: USERS }, () => newId()).sort();
  for (const [index, id] of ids.entries()) {
    await database.pool.query("insert into app_user (id, login, name, department_id) values ($1, $2, $2, $3)", [
      id,
      `user${index}`,
      departments[index % (DEPARTMENTS + 1)] ?? null,
    ]);
    await database.pool.query("insert into device (id, user_id, name, platform) values ($1, $2, 'Laptop', 'linux')", [
      newId(),
      id,
    ]);
  }
  for (const [key, ...members] of [
    ["administrators", 0],
    ["legal", 1],
    ["heads", 2, 3],
    ["accounting", 4],
  ] as const) {
    const id = newId();
    await database.pool.query("insert into user_group (id, key, name_en, name_ru) values ($1, $2, $2, $2)", [id, key]);
    for (const member of members)
      await database.pool.query("insert into group_member (group_id, user_id) values ($1, $2)", [id, ids[member]]);
  }
  return ids;
}

async function addRecords(): Promise<void> {
  await sql`
    insert into record (id, type, state, owner, department, created_by, created_at, fields, field_meta, deleted_at)
    select gen_random_uuid(), case when n % 5 = 0 then 'counterparty' else 'contract' end,
      (array['draft', 'approval', 'signed', 'archived', null])[1 + n % 5],
      case when n % 7 = 0 then null else owner.id end, case when n % 11 = 0 then null else owner.department_id end, owner.id, now(),
      jsonb_build_object('subject', 'Record ' || n, 'name', 'Record ' || n, 'amount', jsonb_build_object('amount', n || '.00', 'currency', 'EUR')),
      '{}', case when n % 13 = 0 then now() end
    from generate_series(1, ${RECORDS}) n
    join (select id, department_id, row_number() over (order by id) as place from app_user) as owner on owner.place = 1 + n % ${USERS}`.execute(
    database.db,
  );
  await sql`
    update record set fields = fields || jsonb_build_object('counterparty', (
      select other.id from record as other where other.type = 'counterparty' order by md5(other.id::text || record.id::text) limit 1))
    where type = 'contract'`.execute(database.db);
}

async function addDraft(policies: readonly unknown[]): Promise<string> {
  const draft = await database.db.transaction().execute((trx) =>
    insertDraft(trx, {
      id: newId(),
      title: "Draft",
      baseRev: Number(access.engine().rev),
      policies,
      by: users[0] ?? null,
      at: new Date().toISOString(),
    }),
  );
  return draft.id;
}

const inForce = () => access.policies() as readonly Policy[];
const withoutDepartments = () => inForce().filter(({ id }) => id !== "contract-department-read");

const finished = (id: string) =>
  expect
    .poll(async () => (await dryRuns.find(id)).state, { timeout: 60_000, interval: 100 })
    .toMatch(/done|failed|cancelled/);

/* ---------- what it finds ---------- */

/** By deciding every record with both sets, as the feed does. */
async function decideEach(userId: string, before: AccessEngine, after: AccessEngine) {
  const records = collections().find(({ name }) => name === "records");
  const subject = await loadSubject(database.db, userId);
  if (records?.access.kind !== "policy" || !subject) throw new Error("no records");
  const rows = await records.scan(database.db, undefined, RECORDS + 1);
  const context = { time: new Date().toISOString(), channel: "desktop" } as const;
  const parts = { db: database.db, rows };
  const [old, now] = [
    await resourcesOfRows(records.access, { ...parts, engine: before }),
    await resourcesOfRows(records.access, { ...parts, engine: after }),
  ];
  const found = { gained: [] as string[], lost: [] as string[], changed: [] as string[] };
  for (const [index, row] of rows.entries()) {
    const [was, is] = [old[index], now[index]];
    if (!was || !is) throw new Error("a row without a resource");
    const [a, b] = [before.accessTo(subject, was, context), after.accessTo(subject, is, context)];
    if (a.readable && !b.readable) found.lost.push(row.id);
    else if (!a.readable && b.readable) found.gained.push(row.id);
    else if (a.maskKey !== b.maskKey) found.changed.push(row.id);
  }
  return found;
}

const drafts: readonly (readonly [string, () => readonly Policy[]])[] = [
  ["a department loses", withoutDepartments],
  ["everybody gains", () => [...inForce(), { ...nearCounterparty, id: "all", when: { eq: ["obj.state", "signed"] } }]],
  ["one relation away", () => inForce().filter(({ id }) => id !== "near-counterparty")],
  [
    "a section is closed",
    () => [
      ...inForce(),
      {
        id: "terms-closed",
        title: "Terms are closed",
        effect: "deny",
        resource: "contract",
        actions: ["read"],
        sections: ["terms"],
        when: { ne: ["obj.owner", "sub.id"] },
      },
    ],
  ],
];

it.each(drafts)("[POL-8] agrees with deciding every record: %s", { timeout: 90_000 }, async (_name, policies) => {
  const draftId = await addDraft(policies());
  const [before, after] = [access.engine(), access.compile(policies(), "draft")];
  const heldBy = await holdEverything(users[3] ?? "");
  const id = await dryRuns.start(draftId, queue);
  await finished(id);
  const { result, words } = await dryRuns.find(id);
  expect(words).toBeUndefined();
  const people = await listPeople(database.db, id, { sort: "lost", limit: 200 });
  const total = { gained: 0, lost: 0, changed: 0 };
  for (const userId of users) {
    const found = await decideEach(userId, before, after);
    const counts = { gained: found.gained.length, lost: found.lost.length, changed: found.changed.length };
    for (const effect of ["gained", "lost", "changed"] as const) total[effect] += counts[effect];
    const person = people.find((each) => each.userId === userId);
    expect([userId, countsOf(person)]).toEqual([userId, counts]);
    for (const sample of person?.byType.flatMap(({ samples }) => samples) ?? []) {
      expect(found[sample.effect]).toContain(sample.id);
      expect(sample.title).toMatch(/^Record \d+$/);
    }
    const held = userId === users[3] ? found.lost.length * heldBy.rowsPerRecord : 0;
    expect([userId, person?.devices.map(({ rowsPurged }) => rowsPurged) ?? []]).toEqual([userId, person ? [held] : []]);
  }
  expect(result?.total).toEqual(total);
  expect(total.gained + total.lost + total.changed).toBeGreaterThan(0);
});

const countsOf = (person: DryRunPerson | undefined) => ({
  gained: person?.gained ?? 0,
  lost: person?.lost ?? 0,
  changed: person?.changed ?? 0,
});

/** A replica that holds every record, each with one row that hangs on it. */
async function holdEverything(userId: string): Promise<{ readonly rowsPerRecord: number }> {
  const profile = randomUUID();
  await database.pool.query("delete from view_profile where user_id = $1", [userId]);
  await database.pool.query(
    "insert into view_profile (id, user_id, log_xmin) values ($1, $2, pg_snapshot_xmin(pg_current_snapshot()))",
    [profile, userId],
  );
  await database.pool.query(
    `insert into view_row (profile_id, collection, row_id, parent_id, hash, mask, position)
     select $1::uuid, 'records', id, null, 0, '', 1 from record
     union all select $1::uuid, 'history', gen_random_uuid(), id, 0, '', 1 from record`,
    [profile],
  );
  return { rowsPerRecord: 2 };
}

it("[POL-8] finds nothing, at once, when nothing about reading changed", async () => {
  const id = await dryRuns.start(await addDraft(inForce()), queue);
  await finished(id);
  const run = await dryRuns.find(id);
  expect(run).toMatchObject({
    state: "done",
    baseRev: access.engine().rev,
    result: { users: USERS, records: 0, total: { gained: 0, lost: 0, changed: 0 }, rowsPurged: 0, byDepartment: [] },
  });
  expect(await listPeople(database.db, id, { sort: "gained", limit: 10 })).toEqual([]);
});

it("[POL-8] lists those who lose most first, page after page", async () => {
  const id = await dryRuns.start(await addDraft(withoutDepartments()), queue);
  await finished(id);
  const all = await listPeople(database.db, id, { sort: "lost", limit: 200 });
  expect(all.length).toBeGreaterThan(3);
  expect(all.map(({ lost }) => lost)).toEqual(all.map(({ lost }) => lost).sort((a, b) => b - a));
  const [first, second] = all;
  const after = { count: first?.lost ?? 0, userId: first?.userId ?? "" };
  const rest = await listPeople(database.db, id, { sort: "lost", after, limit: 1 });
  expect(rest.map(({ userId }) => userId)).toEqual([second?.userId]);
});

/* ---------- what can go wrong ---------- */

it("[POL-8] refuses a draft with faults with the place of each", async () => {
  const draftId = await addDraft([{ ...nearCounterparty, when: { eq: ["obj.nothing", "sub.id"] } }]);
  await expect(dryRuns.start(draftId, queue)).rejects.toThrow(/policies\[0\]\.when\.eq\[0\] names obj\.nothing/);
  expect(await listDryRuns(database.db, draftId)).toEqual([]);
  await expect(dryRuns.start(newId(), queue)).rejects.toThrow(/no such draft/);
});

/** Stands still at the first page of records until it is let go. */
function standingStill(): { readonly runs: DryRuns; readonly reached: Promise<void>; letGo(): void } {
  const [gate, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const source: ResourceSource = {
    type: "contract",
    estimate: async () => 1,
    async page() {
      reached.resolve();
      await gate.promise;
      return { rows: [], next: newId() };
    },
    titlesOf: async () => new Map(),
    countHeld: async () => 0,
  };
  const people = {
    page: async (after: string | undefined) =>
      after === undefined ? users.map((id) => ({ id, name: id, departmentId: null })) : [],
    loadSubject: (id: string) => loadSubject(database.db, id),
    departmentNames: async () => new Map(),
    devicesOf: async () => new Map(),
  };
  const runs = createDryRuns({
    db: database.db,
    access,
    people,
    sourcesOf: () => [source],
    clock: systemClock,
    log: silentLog,
  });
  return { runs, reached: reached.promise, letGo: gate.resolve };
}

const nobodysQueue = { enqueue: async () => undefined };
const attempt = (signal: AbortSignal) => ({ id: "attempt", attempt: 0, signal, log: silentLog });

it("[POL-8] ends when it is cancelled, and is deleted when it is over", async () => {
  const { runs, reached, letGo } = standingStill();
  const id = await runs.start(await addDraft(withoutDepartments()), nobodysQueue);
  const running = runs.job.run({ id }, attempt(new AbortController().signal));
  await reached;
  expect((await runs.find(id)).state).toBe("running");
  await runs.remove(id);
  letGo(); // pages without end follow: only the cancelling stops it
  await running;
  expect(await runs.find(id)).toMatchObject({ state: "cancelled", words: "It was cancelled." });
  await runs.remove(id);
  await expect(runs.find(id)).rejects.toThrow(/no such dry run/);
  runs.stop();
});

it("[POL-8] goes back into the queue when its server stops", async () => {
  const { runs, reached, letGo } = standingStill();
  const id = await runs.start(await addDraft(withoutDepartments()), nobodysQueue);
  const stopping = new AbortController();
  const running = runs.job.run({ id }, attempt(stopping.signal));
  await reached;
  stopping.abort();
  letGo();
  await expect(running).rejects.toThrow("the server stops");
  expect((await runs.find(id)).state).toBe("waiting");
  await dryRuns.job.run({ id }, attempt(new AbortController().signal)); // another server goes on
  expect((await runs.find(id)).state).toBe("done");
  runs.stop();
});

it("[POL-8] never stays running: what lost its server is failed, with words", async () => {
  const { runs, reached } = standingStill();
  const id = await runs.start(await addDraft(withoutDepartments()), nobodysQueue);
  void runs.job.run({ id }, attempt(new AbortController().signal)).catch(() => undefined); // and it never comes back
  await reached;
  await runs.sweep();
  expect((await runs.find(id)).state).toBe("running");
  await database.pool.query("update dry_run set alive_at = now() - interval '2 minutes' where id = $1", [id]);
  await runs.sweep();
  expect(await runs.find(id)).toMatchObject({ state: "failed", words: expect.stringMatching(/server .* stopped/) });
  await dryRuns.job.run({ id }, attempt(new AbortController().signal)); // the queue gives the job out again
  expect((await runs.find(id)).state).toBe("failed");
  runs.stop();
});

it("[POL-8] a newer run of the same draft takes the place of older ones, and all go after a week", async () => {
  const draftId = await addDraft(withoutDepartments());
  const first = await dryRuns.start(draftId, nobodysQueue);
  const second = await dryRuns.start(draftId, queue);
  expect(await dryRuns.find(first)).toMatchObject({
    state: "cancelled",
    words: "A newer run of the draft was started.",
  });
  await finished(second);
  expect((await listDryRuns(database.db, draftId)).map(({ id, state }) => [id, state])).toEqual([[second, "done"]]);
  await database.pool.query("update dry_run set started_at = now() - interval '8 days'");
  await dryRuns.sweep();
  expect(await listDryRuns(database.db, draftId)).toEqual([]);
});

/**
 * One page of what somebody may read, out of 1 M contracts, newest first: the list as the server answers it over HTTP, by
 * predicate, against loading all records and deciding each (a slice, multiplied), and against loading the newest and deciding
 * each until the page is full, on the same database with the same engine. For people who may read from nearly nothing to
 * nearly everything.
 */
import { createAccessEngine, nobody, type Subject } from "@kontor/shared/access";
import { resourceTypesOf } from "@kontor/server/objects";
import type pg from "pg";
import { office } from "../server/packs/office/index.ts";
import { figureOf, inTurns, percentile, report, roundsOf } from "./harness/figure.ts";
import { openOffice, request, userId, type OfficeWorld } from "./harness/office.world.ts";

const RECORDS = 1_000_000;
const PAGE = 50;
const PAGES = 40;
/** Rows that whoever decides each loads at a time. */
const CHUNK = 5_000;

/** By what they may read; the share is measured, and printed. */
const readers = {
  "own records only": [5, 5],
  "a small department": [6, 7],
  "a large department": [11, 13],
  "the head of a branch": [2, 102],
  accounting: [4, 54],
  lawyers: [3, 103],
} as const;

interface Page {
  readonly records: readonly { readonly id: string }[];
}
const listOf = (world: OfficeWorld, user: number) =>
  request<Page>(world, user, `/records?type=contract&limit=${PAGE}&sort=-createdAt`);

/* ---------- the peer: load and decide each ---------- */

const resources = resourceTypesOf(office.types);
const engine = createAccessEngine({
  policies: office.policies.filter(({ resource }) => resource === "contract"),
  resources,
  rev: "1",
});

async function loadAndDecide(database: pg.Pool, subject: Subject): Promise<readonly string[]> {
  const context = { time: new Date().toISOString(), channel: "api" } as const;
  const page: string[] = [];
  let after: readonly [string, string] | undefined;
  while (page.length < PAGE) {
    const { rows } = await database.query<Row>(
      `select id, owner, department, state, created_at::text as at, fields from record
       where type = 'contract' and deleted_at is null ${after ? "and (created_at, id) < ($2::timestamptz, $3::uuid)" : ""}
       order by created_at desc, id desc limit $1`,
      [CHUNK, ...(after ?? [])],
    );
    for (const { id, owner, department, state, fields } of rows) {
      const attributes = { ...fields, id, owner, department, state };
      if (page.length < PAGE && engine.accessTo(subject, { type: "contract", attributes }, context).readable)
        page.push(id);
    }
    const last = rows.at(-1);
    if (!last) break;
    after = [last.at, last.id];
  }
  return page;
}

const SLICE = 20_000;

/** Milliseconds that all records would take. */
async function loadAllAndDecide(database: pg.Pool, subject: Subject): Promise<number> {
  const started = performance.now();
  const context = { time: new Date().toISOString(), channel: "api" } as const;
  const { rows } = await database.query<Row>(
    "select id, owner, department, state, created_at::text as at, fields from record where type = 'contract' limit $1",
    [SLICE],
  );
  const readable = rows.filter(({ id, owner, department, state, fields }) => {
    const attributes = { ...fields, id, owner, department, state };
    return engine.accessTo(subject, { type: "contract", attributes }, context).readable;
  });
  readable.sort((a, b) => (a.at < b.at ? 1 : -1));
  return ((performance.now() - started) * RECORDS) / SLICE;
}

interface Row {
  readonly id: string;
  readonly owner: string | null;
  readonly department: string | null;
  readonly state: string;
  readonly at: string;
  readonly fields: Record<string, never>;
}

/** As the server loads it, but for what no policy about contracts asks. */
async function subjectOf(database: pg.Pool, n: number): Promise<Subject> {
  const { rows } = await database.query<Pick<Subject, "department" | "departments" | "subtree" | "groups">>(
    `with recursive own as (select department_id as id from app_user where id = $1),
       up as (select d.id, d.parent_id from department d join own on own.id = d.id
         union all select d.id, d.parent_id from department d join up on d.id = up.parent_id),
       down as (select own.id from own where id is not null union all select d.id from department d join down on d.parent_id = down.id)
     select (select id::text from own) as department, array(select id::text from up) as departments,
       array(select id::text from down) as subtree,
       array(select key from user_group join group_member on group_id = user_group.id where user_id = $1) as groups`,
    [userId(n)],
  );
  const [found] = rows;
  if (!found) throw new Error(`there is no user ${n}`);
  return { ...nobody, id: userId(n), ...found };
}

/* ---------- */

async function timed(pages: number, page: (index: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < pages; index++) {
    const started = performance.now();
    await page(index);
    times.push(performance.now() - started);
  }
  return percentile(times, 0.95);
}

const world = await openOffice({ users: 2_000, records: RECORDS });
try {
  const figures = [];
  for (const [who, people] of Object.entries(readers)) {
    const [first] = people;
    const subject = await subjectOf(world.database, first);
    const { text, params } = engine.filter(subject, "read", "contract", {
      time: new Date().toISOString(),
      channel: "api",
    });
    const { rows } = await world.database.query<{ n: string }>(`select count(*) as n from record where ${text}`, [
      ...params,
    ]);
    const share = `${((Number(rows[0]?.n) / RECORDS) * 100).toPrecision(2)} % visible`;
    const expected = await loadAndDecide(world.database, subject);
    const { records } = await listOf(world, first);
    if (expected.length === 0 || records.map(({ id }) => id).join() !== expected.join())
      throw new Error(`${who}: the list and deciding each do not agree`);
    const { ours, deciding, all } = await inTurns(roundsOf(5), {
      ours: () => timed(PAGES, (index) => listOf(world, people[index % 2] ?? first)),
      deciding: () => timed(3, () => loadAndDecide(world.database, subject)),
      all: () => loadAllAndDecide(world.database, subject),
    });
    figures.push(
      figureOf({
        name: "access-filter",
        metric: `a page of ${PAGE} out of ${RECORDS}, p95: ${who}, ${share}`,
        unit: "ms",
        better: "lower",
        ours,
        peers: {
          "loading all and deciding each, extrapolated": all,
          "loading the newest and deciding each until the page is full": deciding,
        },
      }),
    );
  }
  report("access-filter", figures);
} finally {
  await world.stop();
}

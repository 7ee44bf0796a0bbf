import { sql, type RawBuilder } from "kysely";
import type { AttributeSql, ResourceType, SqlPredicate } from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";
import type { Database, Transaction } from "#kernel";
import type { ResourceSource } from "./resourceSource.port.ts";

/** Rows of one statement: some milliseconds of the database's time, and of ours to take them in. */
const PAGE = 2_000;
/** Far more than a page takes: whoever else uses the database is not to wait for a statement that has gone wrong. */
const STATEMENT_MS = 15_000;

export interface RecordSourceDeps {
  readonly db: Database;
  /** With `attributeSql`, which speaks of `record`. */
  readonly type: ResourceType;
  titlesOf: ResourceSource["titlesOf"];
}

/**
 * The records of one type, with those attributes only that are asked for: fields lie in one jsonb column, and most of it need
 * not travel.
 */
export function recordSource({ db, type, titlesOf }: RecordSourceDeps): ResourceSource {
  const locate = (name: string): AttributeSql => {
    if (!type.attributeSql) throw new Error(`the type "${type.name}" does not say where its attributes are stored`);
    return type.attributeSql(name);
  };

  return {
    type: type.name,
    titlesOf,
    async estimate() {
      const { rows } = await sql<{
        n: number;
      }>`select greatest(reltuples, 0)::bigint as n from pg_class where oid = 'record'::regclass`.execute(db);
      return Math.ceil((rows[0]?.n ?? 0) / PAGE);
    },
    async page(after, attributes) {
      const columns = attributes.map((name, index) => sql`${columnOf(locate(name))} as ${sql.ref(`a${index}`)}`);
      const start = after === undefined ? sql`` : sql`and record.id > ${after}::uuid`;
      // By the column: `id` alone would be the text that is selected, and every page would sort the whole table.
      const { rows } = await bounded(db, (trx) =>
        sql<Record<string, Json> & { id: string }>`
          select ${sql.join([sql`record.id::text as id`, ...columns])} from record
          where type = ${type.name} ${start} order by record.id limit ${PAGE}`.execute(trx),
      );
      return {
        rows: rows.map((row) => ({
          id: row.id,
          attributes: Object.fromEntries(attributes.map((name, index) => [name, row[`a${index}`] ?? undefined])),
        })),
        next: rows.length < PAGE ? undefined : rows.at(-1)?.id,
      };
    },
    async countHeld(userId, lost) {
      const [before, after] = [predicate(lost.before()), predicate(lost.after())];
      const profileId = await lastProfileOf(db, userId);
      if (profileId === undefined) return 0;
      let count = 0;
      let from: HeldRow | undefined;
      for (;;) {
        const to = await endOfPage(db, profileId, from);
        const { rows } = await bounded(db, (trx) =>
          sql<{ n: number }>`
            select count(*) as n from view_row join record on record.id = coalesce(view_row.parent_id, view_row.row_id)
            where view_row.profile_id = ${profileId}::uuid and not view_row.lost ${between(from, to)}
              and record.type = ${type.name} and (${before}) and (${after}) is not true`.execute(trx),
        );
        count += rows[0]?.n ?? 0;
        if (!to) return count;
        from = to;
      }
    },
  };
}

/** As `ResourceInstance` has it; the twin of `ownAttributes` of records. */
function columnOf({ sql: text, from, kind }: AttributeSql): RawBuilder<Json> {
  const value = `(${text})`;
  const read = {
    jsonb: value,
    text: value,
    uuid: `${value}::text`,
    boolean: value,
    numeric: `to_jsonb(${value})`,
    date: `to_char(${value}, 'YYYY-MM-DD')`,
    timestamptz: `to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    "text[]": `to_jsonb(${value})`,
    "uuid[]": `to_jsonb(${value}::text[])`,
  }[kind];
  return sql.raw(from === undefined ? read : `(select ${read} from ${from})`);
}

const predicate = ({ strings, params }: SqlPredicate): RawBuilder<boolean> =>
  sql<boolean>(Object.assign([...strings], { raw: strings }) as unknown as TemplateStringsArray, ...params);

/* ---------- what replicas hold ---------- */

interface HeldRow {
  readonly collection: string;
  readonly id: string;
}

const HELD_PAGE = 20_000; // one lookup by primary key for each

/** What the person's devices hold as seen from where one of them was last; none has fetched anything where there is none. */
export async function lastProfileOf(db: Database, userId: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from view_profile where user_id = ${userId}::uuid order by used_at desc limit 1`.execute(db);
  return rows[0]?.id;
}

async function endOfPage(db: Database, profileId: string, from: HeldRow | undefined): Promise<HeldRow | undefined> {
  const { rows } = await sql<HeldRow>`
    select collection, row_id as id from view_row where profile_id = ${profileId}::uuid ${between(from, undefined)}
    order by collection, row_id offset ${HELD_PAGE - 1} limit 1`.execute(db);
  return rows[0];
}

const between = (from: HeldRow | undefined, to: HeldRow | undefined) => sql`
  ${from ? sql`and (view_row.collection, view_row.row_id) > (${from.collection}, ${from.id}::uuid)` : sql``}
  ${to ? sql`and (view_row.collection, view_row.row_id) <= (${to.collection}, ${to.id}::uuid)` : sql``}`;

/** One statement at a time, on one processor, and with an end. */
export const bounded = <Result>(db: Database, run: (trx: Transaction) => Promise<Result>): Promise<Result> =>
  db.transaction().execute(async (trx) => {
    await sql`select set_config('statement_timeout', ${String(STATEMENT_MS)}, true),
      set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true)`.execute(trx);
    return run(trx);
  });

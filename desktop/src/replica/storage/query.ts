/**
 * Runs a prepared Mango query against one table.
 *
 * Reading a big table through is refused, because it costs half a second and up to a gigabyte at 200k rows:
 * - a query that an index narrows runs, and may return at most MAX_RESULTS documents;
 * - one that only follows an index in order (the newest 50 …) runs too, and may look at no more than MAX_EXAMINED rows
 *   while it filters;
 * - anything else on a table of more than MAX_EXAMINED rows throws ScanRefused.
 */
import { getQueryMatcher, getSortComparator, type FilledMangoQuery } from "rxdb";
import type { Row, StoredRow } from "./columns.ts";
import type { Database } from "./database.ts";
import { selectorToSql, sortToSql, type Clause } from "./selector.ts";
import { ScanRefused } from "./storage.errors.ts";
import { DOCUMENT, documentJson, parseDocument, parseDocuments, type Table } from "./table.ts";

/** 10,000 rows of half a kilobyte are read and parsed in about 50 ms and 20 MB. */
const MAX_EXAMINED = 10_000;
/** More than any list shows. */
const MAX_RESULTS = 10_000;
/** A page or two; doubled until the page is full. */
const FIRST_STEP = 100;
/** Far more shapes of query than an interface has. */
const MAX_REMEMBERED_ACCESSES = 500;

export type Query = FilledMangoQuery<Row>;
type Plan = { where: Clause; order: string | undefined; skip: number; limit: number | undefined };
/** How SQLite means to run a statement. */
type Access = { isNarrow: boolean; isInOrder: boolean; isCovered: boolean };

export type QueryRunner = ReturnType<typeof createQueryRunner>;

/** `limits` are for tests, which have no 10,000 rows to spare. */
export function createQueryRunner(
  database: Database,
  table: Table,
  { maxExamined, maxResults } = { maxExamined: MAX_EXAMINED, maxResults: MAX_RESULTS },
) {
  const accesses = new Map<string, Access>();

  function planOf(query: Query): Plan {
    return {
      where: selectorToSql(table, query.selector),
      order: sortToSql(table, query.sort as Record<string, unknown>[]),
      skip: query.skip,
      limit: query.limit,
    };
  }

  const rowsSql = ({ where, order }: Plan): string =>
    `SELECT ${DOCUMENT} FROM ${table.name} WHERE ${where.sql}${order ? ` ORDER BY ${order}` : ""}`;

  const isSmall = (): boolean => table.sizeAtMost() <= maxExamined;

  /** The documents as JSON texts: they go over a port without being parsed here. */
  function findJson(query: Query): string[] {
    const plan = planOf(query);
    const sql = rowsSql(plan);
    const access = isSmall() ? undefined : accessOf(sql, plan.where.params);
    if (access && !access.isNarrow && !access.isInOrder) throw refused("no index narrows this query");
    const mayFilterInSql = !access || access.isNarrow || selectsAll(query);
    if (plan.order && plan.where.exact && mayFilterInSql) return pageInSql(plan, sql);
    if (plan.order && plan.limit !== undefined) return pageByMatcher(query, plan, access);
    if (access && !access.isNarrow) throw refused("without a limit it would read everything");
    return sortedInMemory(query, plan, sql);
  }

  function pageInSql(plan: Plan, sql: string): string[] {
    const most = Math.min(plan.limit ?? maxResults + 1, maxResults + 1);
    const rows = database.all(`${sql} LIMIT ? OFFSET ?`, [...plan.where.params, most, plan.skip]);
    if (rows.length > maxResults) throw refused(`it has more than ${maxResults} results`);
    return rows.map((row) => documentJson(row));
  }

  /** In the order of the index, stopping as soon as the page is full. */
  function pageByMatcher(query: Query, plan: Plan, access: Access | undefined): string[] {
    const isMatch = getQueryMatcher(table.schema, query);
    // Unless an index narrows it, the filter stays out of SQL, where nothing would count the rows it passes over.
    const inSql = !access || access.isNarrow;
    if (!inSql && !isOnlyAlive(query)) throw refused("it looks for deleted documents without an index");
    const where = inSql ? plan.where : selectorToSql(table, { _deleted: { $eq: false } });
    const page: string[] = [];
    const wanted = plan.limit ?? 0;
    let matched = 0;
    for (const data of rowsInOrder({ ...plan, where })) {
      if (page.length >= wanted) break;
      if (!isMatch(parseDocument(data)) || matched++ < plan.skip) continue;
      page.push(data);
    }
    return page;
  }

  /**
   * In growing steps. (An iterator of libsql's that is left early keeps its statement running, and a running statement
   * keeps the log from being emptied.)
   */
  function* rowsInOrder(plan: Plan): Generator<string> {
    const sql = `${rowsSql(plan)} LIMIT ? OFFSET ?`;
    let examined = 0;
    for (let step = FIRST_STEP; ; step *= 2) {
      const rows = database.all(sql, [...plan.where.params, step, examined]);
      for (const row of rows) {
        if (++examined > maxExamined) throw refused(`it would examine more than ${maxExamined} rows`);
        yield documentJson(row);
      }
      if (rows.length < step) return;
    }
  }

  function sortedInMemory(query: Query, plan: Plan, sql: string): string[] {
    const rows = database.all(`${sql} LIMIT ?`, [...plan.where.params, maxExamined + 1]);
    if (rows.length > maxExamined) throw refused(`it would examine more than ${maxExamined} rows`);
    let documents: StoredRow[] = parseDocuments(rows.map((row) => documentJson(row)));
    if (!plan.where.exact) documents = documents.filter(getQueryMatcher(table.schema, query));
    if (!plan.order) documents.sort(getSortComparator(table.schema, query));
    const end = plan.limit === undefined ? undefined : plan.skip + plan.limit;
    return documents.slice(plan.skip, end).map((document) => JSON.stringify(document));
  }

  function count(query: Query): number {
    const { where } = planOf(query);
    const small = isSmall();
    if (where.exact) {
      const sql = `SELECT count(*) FROM ${table.name} WHERE ${where.sql}`;
      const access = small ? undefined : accessOf(sql, where.params);
      if (access && !access.isNarrow && !access.isCovered) throw refused("no index covers this count");
      return Number(database.all(sql, where.params)[0]?.[0] ?? 0);
    }
    const sql = `SELECT ${DOCUMENT} FROM ${table.name} WHERE ${where.sql}`;
    if (!small && !accessOf(sql, where.params).isNarrow) throw refused("no index narrows this count");
    const rows = database.all(`${sql} LIMIT ?`, [...where.params, maxExamined + 1]);
    if (rows.length > maxExamined) throw refused(`it would examine more than ${maxExamined} rows`);
    return parseDocuments(rows.map((row) => documentJson(row))).filter(getQueryMatcher(table.schema, query)).length;
  }

  function accessOf(sql: string, params: readonly (string | number | null)[]): Access {
    const known = accesses.get(sql);
    if (known) return known;
    const steps = database.explain(sql, params);
    const own = steps.filter(
      (step) =>
        step.startsWith(`SEARCH ${table.bareName} `) ||
        step === `SCAN ${table.bareName}` ||
        step.startsWith(`SCAN ${table.bareName} `),
    );
    const access = {
      isNarrow: own.length > 0 && own.every(isNarrowStep),
      isInOrder: own.every((step) => step.includes(" USING ")) && !steps.includes("USE TEMP B-TREE FOR ORDER BY"),
      isCovered: own.every((step) => step.includes(" COVERING INDEX ")),
    };
    if (accesses.size >= MAX_REMEMBERED_ACCESSES) accesses.clear();
    accesses.set(sql, access);
    return access;
  }

  const refused = (reason: string): ScanRefused => new ScanRefused(table.collectionName, reason);

  return { findJson, count };
}

/** "SEARCH t USING INDEX i (deleted=? AND x_a=?)": every index begins with `deleted`, which narrows nothing. */
function isNarrowStep(step: string): boolean {
  if (!step.startsWith("SEARCH ")) return false;
  const [, terms = ""] = /\(([^()]+)\)$/.exec(step) ?? [];
  return terms.split(" AND ").some((term) => !/^deleted\b/.test(term));
}

const conditionsOf = (query: Query): [string, unknown][] => Object.entries(query.selector as Record<string, unknown>);

const isAliveCondition = ([path, condition]: [string, unknown]): boolean =>
  path === "_deleted" && JSON.stringify(condition) === '{"$eq":false}';

const isOnlyAlive = (query: Query): boolean => conditionsOf(query).some(isAliveCondition);
const selectsAll = (query: Query): boolean => conditionsOf(query).every(isAliveCondition);

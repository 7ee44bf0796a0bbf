/**
 * An office of 2,000 people and 1 M contracts, made by SQL in a database of its own, and the server on it in a process of its
 * own. Who is responsible, which department, which state: spread as in an office, with a few large departments and many
 * small ones. `KONTOR_BENCH_DATABASE` names a database that stays, for those who work on a bench.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startCluster } from "@kontor/server/testing";
import pg from "pg";

const CLI = fileURLToPath(new URL("../../server/src/cli.ts", import.meta.url));

export interface OfficeWorld {
  readonly url: string;
  readonly database: pg.Pool;
  /** The server's process, for whoever looks at its memory. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** People have numbers from 1; the first is the administrator. Departments: 1 is the whole house, 2 to 10 its branches. */
export const userId = (n: number): string => numbered("a", n);
export const departmentId = (n: number): string => numbered("d", n);
const numbered = (letter: string, n: number) => `0000000${letter}-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
export const tokenOf = (n: number): string => `kp_bench_${n}`;

const DEPARTMENTS = 100;

export async function openOffice(sizes: { readonly users: number; readonly records: number }): Promise<OfficeWorld> {
  const kept = process.env.KONTOR_BENCH_DATABASE;
  const cluster = kept === undefined ? await startCluster() : undefined;
  const databaseUrl = kept ?? cluster?.url ?? "";
  const database = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  // The cluster may be stopped while a connection that was ended still says goodbye; queries have errors of their own.
  database.on("error", () => undefined);
  const data = await mkdtemp(join(tmpdir(), "kontor-bench-"));
  const close = async () => {
    await database.end();
    await cluster?.stop();
    await rm(data, { recursive: true, force: true });
  };
  // Once to migrate, and once more on what was loaded.
  const first = await startServer(databaseUrl, data);
  await first.stop();
  await load(database, sizes);
  const server = await startServer(databaseUrl, data);
  return {
    url: server.url,
    database,
    pid: server.pid,
    async stop() {
      await server.stop();
      await close();
    },
  };
}

async function startServer(databaseUrl: string, data: string) {
  const child = spawn(process.execPath, [CLI, "serve", "--data", data, "--port", "0"], {
    env: { ...process.env, DATABASE_URL: databaseUrl, KONTOR_LOG_LEVEL: "warn" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const heard = /^Kontor is listening on (http\S+)/.exec(line)?.[1];
      if (heard) resolve(heard);
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/* ---------- people and records ---------- */

const sqlId = (letter: string, n: string) =>
  `('0000000${letter}-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;

/** More people and records are added to what is there, so that an office can grow between two measurements. */
export async function load(database: pg.Pool, { users, records }: { users: number; records: number }): Promise<void> {
  await database.query(`
    insert into department (id, parent_id, name_en, name_ru)
    select ${sqlId("d", "n")}, case when n = 1 then null when n <= 10 then ${sqlId("d", "1")} else ${sqlId("d", "2 + n % 9")} end,
      'Department ' || n, 'Отдел ' || n
    from generate_series(1, ${DEPARTMENTS}) n on conflict do nothing`);
  // The square puts more people into the departments with low numbers: 10 % into the largest. Heads of branches sit in them,
  // and a few people belong to no department.
  await database.query(`
    insert into app_user (id, login, name, department_id)
    select ${sqlId("a", "n")}, 'user' || n, 'User ' || n,
      case when n % 200 = 5 then null when n % 100 = 2 then ${sqlId("d", "2 + n / 100 % 9")}
        else ${sqlId("d", `11 + floor(${DEPARTMENTS - 10} * power((n * 7919 % 1000) / 1000.0, 2))::int`)} end
    from generate_series(1, ${users}) n on conflict do nothing`);
  for (const [key, when] of [
    ["administrators", "n = 1"],
    ["heads", "n % 20 = 2"],
    ["legal", "n % 100 = 3"],
    ["accounting", "n % 50 = 4"],
  ] as const) {
    await database.query(
      `insert into user_group (id, key, name_en, name_ru) values (gen_random_uuid(), $1, $1, $1) on conflict (key) do nothing`,
      [key],
    );
    await database.query(
      `insert into group_member select user_group.id, ${sqlId("a", "n")} from user_group, generate_series(1, ${users}) n
       where key = $1 and ${when} on conflict do nothing`,
      [key],
    );
  }
  await database.query(`
    insert into device (id, user_id, name, platform)
    select ${sqlId("e", "n")}, ${sqlId("a", "n")}, 'Laptop', 'linux' from generate_series(1, ${users}) n on conflict do nothing`);
  await loadRecords(database, users, records);
  await giveTokens(database);
}

const CHUNK = 50_000;

async function loadRecords(database: pg.Pool, users: number, records: number): Promise<void> {
  const { rows } = await database.query<{ n: string }>("select count(*) as n from record");
  const there = Number(rows[0]?.n ?? 0);
  if (there >= records) return;
  const indexes = there === 0 ? await dropIndexes(database) : [];
  for (let from = there + 1; from <= records; from += CHUNK) {
    await database.query(recordsSql(from, Math.min(from + CHUNK - 1, records), users));
  }
  for (const definition of indexes) await database.query(definition);
  await database.query("vacuum (analyze) record");
  await database.query("analyze");
}

async function dropIndexes(database: pg.Pool): Promise<readonly string[]> {
  const { rows } = await database.query<{ name: string; definition: string }>(
    "select indexname as name, indexdef as definition from pg_indexes where tablename = 'record' and indexname != 'record_pkey'",
  );
  for (const { name } of rows) await database.query(`drop index ${name}`);
  return rows.map(({ definition }) => definition);
}

/** Whoever is responsible belongs to the department of the record; ids and moments ascend together, as UUIDv7 does. */
const recordsSql = (from: number, to: number, users: number): string => `
  insert into record (id, type, state, owner, department, created_by, created_at, fields, field_meta, sort1)
  select ${sqlId("f", "n")}, 'contract', made.state, owner.id, owner.department_id, owner.id, at,
    jsonb_build_object(
      'number', 'CTR-2026-' || n, 'subject', 'Contract ' || n || ' on the carriage of goods', 'kind', 'services',
      'amount', jsonb_build_object('amount', (n % 90000)::text || '.00', 'currency', case when n % 5 = 0 then 'EUR' else 'RUB' end),
      'validFrom', '2026-01-01', 'responsible', owner.id, 'department', owner.department_id, 'paymentDays', n % 60),
    jsonb_build_object('subject', jsonb_build_array(1, at, owner.id), 'amount', jsonb_build_array(1, at, owner.id)),
    'CTR-2026-' || n
  from (
    select n, '2024-01-01T00:00:00Z'::timestamptz + n * interval '1 minute' as at,
      (array['draft', 'approval', 'approved', 'signed', 'signed', 'signed', 'terminated', 'archived'])[1 + (n * 31 % 8)] as state,
      1 + (hashint4(n) & 2147483647) % ${users} as responsible
    from generate_series(${from}, ${to}) n
  ) as made join app_user as owner on owner.id = ${sqlId("a", "responsible")}`;

async function giveTokens(database: pg.Pool): Promise<void> {
  const people = Array.from({ length: 120 }, (_, index) => index + 1);
  for (const n of people) {
    const sha256 = createHash("sha256").update(tokenOf(n)).digest();
    await database.query(
      `insert into access_token (id, user_id, name, token_sha256, scopes) values (gen_random_uuid(), $1, 'bench', $2, '{read,write,admin}')
       on conflict do nothing`,
      [userId(n), sha256],
    );
  }
}

export async function request<Reply>(
  world: Pick<OfficeWorld, "url">,
  user: number,
  path: string,
  init: { readonly method?: string; readonly body?: unknown } = {},
): Promise<Reply> {
  const response = await fetch(`${world.url}/api${path}`, {
    method: init.method ?? "GET",
    headers: { authorization: `Bearer ${tokenOf(user)}`, "content-type": "application/json" },
    ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method ?? "GET"} ${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as Reply;
}

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { DomainError } from "@kontor/shared/base";
import type { Log } from "../log.ts";

// Any number that no other program's advisory lock on this database is likely to use: "kontor" in ASCII.
const LOCK = 0x6b6f6e746f72;

/** Applies `migrations/*.sql` in name order, each in a transaction, once, forward only; two servers wait for each other. */
export async function migrate({ pool, directory, log }: { pool: pg.Pool; directory: string; log: Log }): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    await client.query(
      "create table if not exists migration (name text primary key, sha256 text not null, applied_at timestamptz not null default now())",
    );
    const { rows } = await client.query<{ name: string; sha256: string }>("select name, sha256 from migration");
    const applied = new Map(rows.map((row) => [row.name, row.sha256]));
    const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();

    const unknown = [...applied.keys()].find((name) => !names.includes(name));
    if (unknown)
      throw new DomainError(
        "outdated",
        `The database was made by a newer Kontor (migration ${unknown}). Install that version again, or restore a backup.`,
        { reason: "database.newer" },
      );

    for (const name of names) {
      const text = await readFile(join(directory, name), "utf8");
      const sha256 = createHash("sha256").update(text).digest("hex");
      const before = applied.get(name);
      if (before === sha256) continue;
      if (before)
        throw new DomainError(
          "conflict",
          `Migration ${name} was changed after it had been applied. Migrations only go forward: add a new file instead.`,
          { reason: "database.migrationChanged" },
        );
      await client.query("begin");
      try {
        await client.query(text);
        await client.query("insert into migration (name, sha256) values ($1, $2)", [name, sha256]);
        await client.query("commit");
      } catch (error) {
        await client.query("rollback");
        throw new DomainError(
          "internal",
          `Migration ${name} failed: ${(error as Error).message}`,
          { reason: "database.migrationFailed" },
          error,
        );
      }
      log.info({ migration: name }, "migration applied");
    }
  } finally {
    await client.query("select pg_advisory_unlock($1)", [LOCK]).catch(() => undefined);
    client.release();
  }
}

import { xor64 } from "@kontor/shared/base";
import type { BucketState } from "@kontor/shared/protocol";
import type { ReplicaFile } from "#replica/storage";

/**
 * What the server has sent, by its hash: enough to know a row that comes again (SYN-3), and to compare with the server
 * (SYN-10).
 *
 *   server_row   (collection, id) → hash of the server's row, and the last resync in which it was sent
 *   bucket       count and xor of these hashes, kept with every change
 */
export type Ledger = ReturnType<typeof createLedger>;

export interface LedgerRow {
  readonly id: string;
  readonly hash: string;
}

const NO_HASH = "0".repeat(16);
const CHUNK = 500; // some milliseconds of whoever works on all rows, between pauses
const AMONG = "collection=? AND id IN (SELECT value FROM json_each(?))";

export function createLedger(file: ReplicaFile) {
  createTables(file);

  const hashesOf = (name: string, ids: readonly string[]): ReadonlyMap<string, string> =>
    new Map(
      file
        .all(`SELECT id, hash FROM server_row WHERE ${AMONG}`, [name, JSON.stringify(ids)])
        .map(([id, hash]) => [String(id), String(hash)]),
    );

  const has = (name: string, id: string): boolean =>
    file.all("SELECT 1 FROM server_row WHERE collection=? AND id=?", [name, id]).length > 0;

  const idsOf = (name: string): readonly string[] =>
    file.all("SELECT id FROM server_row WHERE collection=?", [name]).map(([id]) => String(id));

  /** In the order of their ids; what comes or goes between two chunks does not disturb. */
  function* chunksOf(name: string): Generator<readonly LedgerRow[]> {
    for (let after = ""; ;) {
      const rows = file
        .all("SELECT id, hash FROM server_row WHERE collection=? AND id>? ORDER BY id LIMIT ?", [name, after, CHUNK])
        .map(([id, hash]) => ({ id: String(id), hash: String(hash) }));
      if (rows.length === 0) return;
      after = rows.at(-1)?.id ?? "";
      yield rows;
    }
  }

  /** `before`: the hashes of those that were here already. */
  function note(
    name: string,
    rows: readonly LedgerRow[],
    before: ReadonlyMap<string, string>,
    generation: number,
  ): void {
    file.run(
      `INSERT INTO server_row(collection, id, hash, generation)
       SELECT ?, json_extract(value, '$[0]'), json_extract(value, '$[1]'), ? FROM json_each(?) WHERE true
       ON CONFLICT(collection, id) DO UPDATE SET hash=excluded.hash, generation=excluded.generation`,
      [name, generation, JSON.stringify(rows.map(({ id, hash }) => [id, hash]))],
    );
    addToBucket(
      name,
      rows.filter(({ id }) => !before.has(id)).length,
      rows.flatMap(({ id, hash }) => [hash, before.get(id) ?? NO_HASH]),
    );
  }

  /** Returns those that were really here. */
  function forget(name: string, ids: readonly string[]): readonly string[] {
    const known = hashesOf(name, ids);
    file.run(`DELETE FROM server_row WHERE ${AMONG}`, [name, JSON.stringify(ids)]);
    addToBucket(name, -known.size, [...known.values()]);
    return [...known.keys()];
  }

  function addToBucket(name: string, count: number, hashes: readonly string[]): void {
    const change = hashes.reduce(xor64, NO_HASH);
    const [row] = file.all("SELECT count, hash FROM bucket WHERE bucket=?", [name]);
    file.run(
      "INSERT INTO bucket(bucket, count, hash) VALUES (?,?,?) ON CONFLICT(bucket) DO UPDATE SET count=excluded.count, hash=excluded.hash",
      [name, Number(row?.[0] ?? 0) + count, xor64(String(row?.[1] ?? NO_HASH), change)],
    );
  }

  const buckets = (): readonly BucketState[] =>
    file
      .all("SELECT bucket, count, hash FROM bucket WHERE count > 0")
      .map(([bucket, count, hash]) => ({ bucket: String(bucket), count: Number(count), hash: String(hash) }));

  /* ---------- generations: one for each resync ---------- */

  const generation = (): number => Number(file.meta.get("generation") ?? 0);
  const beginGeneration = (): void => file.meta.set("generation", generation() + 1);

  function mark(name: string, ids: readonly string[], as: number): void {
    file.run(`UPDATE server_row SET generation=? WHERE ${AMONG}`, [as, name, JSON.stringify(ids)]);
  }

  const idsOfOtherGenerations = (name: string, than: number): readonly string[] =>
    file.all("SELECT id FROM server_row WHERE collection=? AND generation<>?", [name, than]).map(([id]) => String(id));

  return {
    hashesOf,
    has,
    idsOf,
    chunksOf,
    note,
    forget,
    buckets,
    generation,
    beginGeneration,
    mark,
    idsOfOtherGenerations,
  };
}

function createTables(file: ReplicaFile): void {
  file.transaction(() => {
    file.run(`CREATE TABLE IF NOT EXISTS server_row(collection TEXT NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL,
      generation INTEGER NOT NULL, PRIMARY KEY(collection, id)) WITHOUT ROWID`);
    file.run(
      "CREATE TABLE IF NOT EXISTS bucket(bucket TEXT PRIMARY KEY, count INTEGER NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID",
    );
  });
}

import { sql } from "kysely";
import { resourcesOfRows, type Collection, type Database } from "#kernel";
import { lastProfileOf } from "./recordSource.ts";
import type { ResourcePage, ResourceSource } from "./resourceSource.port.ts";

const PAGE = 1_000;

export interface CollectionSourceDeps {
  readonly db: Database;
  readonly type: string;
  /** A small one, whose rows are resources of this type. */
  readonly collection: Collection;
  titleOf(row: object): string;
  engine: Parameters<typeof resourcesOfRows>[1]["engine"];
}

/** People, departments and what else there is little of: read as the feed reads them. */
export function collectionSource({ db, type, collection, titleOf, engine }: CollectionSourceDeps): ResourceSource {
  const { access } = collection;
  if (access.kind !== "policy") throw new Error(`rows of "${collection.name}" are decided by their parents`);

  async function page(after: string | undefined): Promise<ResourcePage> {
    const rows = await collection.scan(db, after, PAGE);
    const resources = access.kind === "policy" ? await resourcesOfRows(access, { db, rows, engine }) : [];
    return {
      rows: rows.flatMap(({ id }, index) => {
        const resource = resources[index];
        return resource?.type === type ? [{ id, attributes: resource.attributes }] : [];
      }),
      next: rows.length < PAGE ? undefined : rows.at(-1)?.id,
    };
  }

  return {
    type,
    page,
    estimate: async () => 1,
    titlesOf: async (ids) => new Map((await collection.byIds(db, ids)).map((row) => [row.id, titleOf(row)])),
    async countHeld(userId, { isLost }) {
      const profileId = await lastProfileOf(db, userId);
      if (profileId === undefined) return 0;
      let count = 0;
      for (let after: string | undefined; ;) {
        const { rows, next } = await page(after);
        const ids = rows.filter(({ attributes }) => isLost(attributes)).map(({ id }) => id);
        const held = await sql<{ n: number }>`select count(*) as n from view_row
          where profile_id = ${profileId}::uuid and not lost and collection = ${collection.name} and row_id = any(${ids}::uuid[])`.execute(
          db,
        );
        count += held.rows[0]?.n ?? 0;
        if (next === undefined) return count;
        after = next;
      }
    },
  };
}

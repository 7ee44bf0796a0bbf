import { sql } from "kysely";
import type { AttributeValue } from "@kontor/shared/access";
import type { Database } from "#kernel";

export interface ValueQuery {
  readonly of: "person" | "department" | "group" | "position";
  readonly search: string;
  readonly limit: number;
}

/** As policies compare them: people and departments by id, groups and positions by key. */
const sources = {
  person: sql`select id::text as value, name as en, name as ru, login || ' ' || coalesce(email, '') as also from app_user`,
  department: sql`select id::text as value, name_en as en, name_ru as ru, coalesce(code, '') as also from department`,
  group: sql`select key as value, name_en as en, name_ru as ru, '' as also from user_group`,
  position: sql`select key as value, name_en as en, name_ru as ru, '' as also from position`,
} as const;

/** By a part of the name in either language, of the login, mail address or code, or by the exact value. */
export async function findValues(db: Database, { of, search, limit }: ValueQuery): Promise<readonly AttributeValue[]> {
  const pattern = `%${search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  const { rows } = await sql<{ value: string; en: string; ru: string }>`
    select value, en, ru from (${sources[of]}) as found
    where value = ${search} or en ilike ${pattern} or ru ilike ${pattern} or also ilike ${pattern}
    order by value = ${search} desc, lower(en), value limit ${limit}`.execute(db);
  return rows.map(({ value, en, ru }) => ({ value, label: { en, ru } }));
}

/** Also of those who are switched off: what they did stays theirs. */
export async function namesOf(db: Database, userIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ id: string; name: string }>`
    select id, name from app_user where id = any(${userIds}::uuid[])`.execute(db);
  return new Map(rows.map(({ id, name }) => [id, name]));
}

import { sql } from "kysely";
import type { Subject } from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";
import type { Database } from "#kernel";
import { ADMINISTRATORS } from "./people.tables.ts";
import { loadServiceSubject } from "./services.service.ts";

interface SubjectRow {
  readonly id: string;
  readonly login: string;
  readonly department_id: string | null;
  readonly attributes: Readonly<Record<string, Json>>;
  readonly position_key: string | null;
  readonly groups: readonly string[] | null;
  readonly departments: readonly string[] | null;
  readonly subtree: readonly string[] | null;
  readonly managers: readonly string[] | null;
}

const DEEPEST = 32; // no organisation is deeper, and a cycle made by hand in the database must not hang the server

/** Everything that policies may ask about a person, in one round trip, or a service. Undefined for a disabled or unknown one. */
export async function loadSubject(db: Database, userId: string): Promise<Subject | undefined> {
  const { rows } = await sql<SubjectRow>`
    with recursive person as (select * from app_user where id = ${userId} and state = 'active'),
    up as (
      select d.id, d.parent_id, 0 as depth from department d join person p on p.department_id = d.id
      union all select d.id, d.parent_id, up.depth + 1 from department d join up on d.id = up.parent_id where up.depth < ${DEEPEST}
    ),
    down as (
      select d.id, 0 as depth from department d join person p on p.department_id = d.id
      union all select d.id, down.depth + 1 from department d join down on d.parent_id = down.id where down.depth < ${DEEPEST}
    ),
    chain as (
      select manager_id as id, 0 as depth from person where manager_id is not null
      union all select u.manager_id, chain.depth + 1 from app_user u join chain on u.id = chain.id where u.manager_id is not null and chain.depth < ${DEEPEST}
    )
    select person.id, person.login, person.department_id, person.attributes,
      (select key from position where id = person.position_id) as position_key,
      (select array_agg(g.key order by g.key) from group_member m join user_group g on g.id = m.group_id where m.user_id = person.id) as groups,
      (select array_agg(id::text order by depth) from up) as departments,
      (select array_agg(id::text order by depth, id) from down) as subtree,
      (select array_agg(id::text order by depth) from chain) as managers
    from person`.execute(db);
  const row = rows[0];
  if (!row) return loadServiceSubject(db, { id: userId });
  const groups = row.groups ?? [];
  return {
    id: row.id,
    login: row.login,
    groups,
    department: row.department_id,
    departments: row.departments ?? [],
    subtree: row.subtree ?? [],
    positions: row.position_key === null ? [] : [row.position_key],
    managers: row.managers ?? [],
    isAdmin: groups.includes(ADMINISTRATORS),
    attributes: row.attributes,
  };
}

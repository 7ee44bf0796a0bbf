import { sql } from "kysely";
import type { ResourceType } from "@kontor/shared/access";
import type { DepartmentDoc, GroupDoc, PersonDoc, PositionDoc } from "@kontor/shared/people";
import type { JsonObject } from "@kontor/shared/base";
import { defineCollection, type Collection, type Database } from "#kernel";
import { peopleTables } from "./people.tables.ts";

/** What policies may say about people and the structure they work in. */
export const peopleResources: readonly ResourceType[] = [
  {
    name: "person",
    sections: {
      main: ["name", "departmentId", "positionId", "managerId", "active"],
      contact: ["login", "email", "phone"],
      membership: ["groupIds"],
    },
    attributes: { id: "id", department: "id", manager: "id", active: "boolean" },
    actions: ["read"],
  },
  {
    name: "department",
    sections: { main: ["name", "parentId", "code"] },
    attributes: { id: "id", parent: "id" },
    actions: ["read"],
  },
  { name: "group", sections: { main: ["key", "name"] }, attributes: { id: "id", key: "text" }, actions: ["read"] },
  { name: "position", sections: { main: ["key", "name"] }, attributes: { id: "id", key: "text" }, actions: ["read"] },
];

interface PersonRow {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly state: "active" | "disabled";
  readonly department_id: string | null;
  readonly position_id: string | null;
  readonly manager_id: string | null;
  readonly group_ids: readonly string[];
}

export const peopleCollections: readonly Collection[] = [
  defineCollection<PersonRow>({
    name: "people",
    access: {
      kind: "policy",
      resource: (row) => ({
        type: "person",
        attributes: {
          id: row.id,
          department: row.department_id ?? undefined,
          manager: row.manager_id ?? undefined,
          active: row.state === "active",
        },
      }),
    },
    byIds: (db, ids) =>
      selectPeople(db)
        .where("app_user.id", "in", [...ids])
        .execute(),
    scan: (db, after, limit) => paged(selectPeople(db), "app_user.id", after, limit).execute(),
    project(row, access): JsonObject | undefined {
      if (!access.readable) return undefined;
      const all: PersonDoc = {
        id: row.id,
        name: row.name,
        login: row.login,
        active: row.state === "active",
        ...(row.email === null ? {} : { email: row.email }),
        ...(row.phone === null ? {} : { phone: row.phone }),
        ...(row.department_id === null ? {} : { departmentId: row.department_id }),
        ...(row.position_id === null ? {} : { positionId: row.position_id }),
        ...(row.manager_id === null ? {} : { managerId: row.manager_id }),
        groupIds: row.group_ids,
      };
      return pick(all, access.visibleFields());
    },
  }),
  defineCollection<{ id: string; parent_id: string | null; name_en: string; name_ru: string; code: string | null }>({
    name: "departments",
    access: {
      kind: "policy",
      resource: (row) => ({ type: "department", attributes: { id: row.id, parent: row.parent_id ?? undefined } }),
    },
    byIds: (db, ids) =>
      peopleTables(db)
        .selectFrom("department")
        .selectAll()
        .where("id", "in", [...ids])
        .execute(),
    scan: (db, after, limit) =>
      paged(peopleTables(db).selectFrom("department").selectAll(), "id", after, limit).execute(),
    project(row, access) {
      if (!access.readable) return undefined;
      const all: DepartmentDoc = {
        id: row.id,
        name: { en: row.name_en, ru: row.name_ru },
        ...(row.parent_id === null ? {} : { parentId: row.parent_id }),
        ...(row.code === null ? {} : { code: row.code }),
      };
      return pick(all, access.visibleFields());
    },
  }),
  keyedCollection("groups", "group", "user_group"),
  keyedCollection("positions", "position", "position"),
];

function keyedCollection(name: string, resource: string, table: "user_group" | "position"): Collection {
  return defineCollection<{ id: string; key: string; name_en: string; name_ru: string }>({
    name,
    access: { kind: "policy", resource: (row) => ({ type: resource, attributes: { id: row.id, key: row.key } }) },
    byIds: (db, ids) =>
      peopleTables(db)
        .selectFrom(table)
        .selectAll()
        .where("id", "in", [...ids])
        .execute(),
    scan: (db, after, limit) => paged(peopleTables(db).selectFrom(table).selectAll(), "id", after, limit).execute(),
    project(row, access) {
      if (!access.readable) return undefined;
      const all: GroupDoc & PositionDoc = { id: row.id, key: row.key, name: { en: row.name_en, ru: row.name_ru } };
      return pick(all, access.visibleFields());
    },
  });
}

const selectPeople = (db: Database) =>
  peopleTables(db)
    .selectFrom("app_user")
    .select(["app_user.id", "login", "name", "email", "phone", "state", "department_id", "position_id", "manager_id"])
    .select(
      sql<
        string[]
      >`coalesce((select array_agg(m.group_id::text order by m.group_id) from group_member m where m.user_id = app_user.id), '{}')`.as(
        "group_ids",
      ),
    );

interface Pageable<Self> {
  where(column: never, operator: ">", value: never): Self;
  orderBy(column: never): Self;
  limit(limit: number): Self;
}

/** Rows in id order after an id: the page stays cheap however deep it lies. */
function paged<Query extends Pageable<Query>>(
  query: Query,
  id: string,
  after: string | undefined,
  limit: number,
): Query {
  const from = after === undefined ? query : query.where(id as never, ">", after as never);
  return from.orderBy(id as never).limit(limit);
}

const pick = (doc: object, fields: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(doc).filter(([key]) => key === "id" || fields.includes(key))) as JsonObject;

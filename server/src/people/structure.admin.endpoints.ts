import { sql } from "kysely";
import { z } from "zod";
import { auditActor, defineEndpoint, type Database, type Endpoint } from "#kernel";
import { peopleTables } from "./people.tables.ts";
import type { Structure } from "./structure.service.ts";

const ADMINISTER = { kind: "system", action: "administer" } as const;
const idParams = z.object({ id: z.uuid() });
const name = z.string().trim().min(1).max(200);
const key = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "lowercase letters, digits and dashes, beginning with a letter");
const named = z.object({ nameEn: name, nameRu: name });
const departmentBody = named.extend({
  parentId: z.uuid().nullable().optional(),
  code: z.string().trim().min(1).max(40).nullable().optional(),
});
const made = z.object({ id: z.uuid() });

/** What people belong to: departments as a tree, groups and positions. */
export function structureAdminEndpoints({ db, people }: { db: Database; people: Structure }): readonly Endpoint[] {
  const tables = peopleTables(db);

  const structure = defineEndpoint({
    method: "get",
    path: "/admin/structure",
    summary: "Departments, groups and positions",
    tag: "people",
    access: ADMINISTER,
    reply: z.object({
      departments: z.array(
        z.object({
          id: z.uuid(),
          parentId: z.uuid().nullable(),
          nameEn: z.string(),
          nameRu: z.string(),
          code: z.string().nullable(),
          people: z.number().int(),
        }),
      ),
      groups: z.array(
        z.object({ id: z.uuid(), key: z.string(), nameEn: z.string(), nameRu: z.string(), people: z.number().int() }),
      ),
      positions: z.array(z.object({ id: z.uuid(), key: z.string(), nameEn: z.string(), nameRu: z.string() })),
    }),
    async handle() {
      const [departments, groups, positions] = await Promise.all([
        tables
          .selectFrom("department")
          .select([
            "id",
            "parent_id as parentId",
            "name_en as nameEn",
            "name_ru as nameRu",
            "code",
            sql<number>`(select count(*) from app_user u where u.department_id = department.id)`.as("people"),
          ])
          .orderBy("name_en")
          .execute(),
        tables
          .selectFrom("user_group")
          .select([
            "id",
            "key",
            "name_en as nameEn",
            "name_ru as nameRu",
            sql<number>`(select count(*) from group_member m where m.group_id = user_group.id)`.as("people"),
          ])
          .orderBy("name_en")
          .execute(),
        tables
          .selectFrom("position")
          .select(["id", "key", "name_en as nameEn", "name_ru as nameRu"])
          .orderBy("name_en")
          .execute(),
      ]);
      return { departments, groups, positions };
    },
  });

  const createDepartment = defineEndpoint({
    method: "post",
    path: "/admin/departments",
    summary: "Add a department",
    tag: "people",
    access: ADMINISTER,
    status: 201,
    body: departmentBody,
    reply: made,
    handle: ({ body }, { principal, ip }) => people.createDepartment(body, auditActor(principal, ip)),
  });
  const changeDepartment = defineEndpoint({
    method: "patch",
    path: "/admin/departments/:id",
    summary: "Rename or move a department",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    body: departmentBody.partial(),
    handle: ({ params, body }, { principal, ip }) =>
      people.changeDepartment(params.id, body, auditActor(principal, ip)),
  });
  const removeDepartment = defineEndpoint({
    method: "delete",
    path: "/admin/departments/:id",
    summary: "Remove an empty department",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    handle: ({ params }, { principal, ip }) => people.removeDepartment(params.id, auditActor(principal, ip)),
  });
  const createGroup = defineEndpoint({
    method: "post",
    path: "/admin/groups",
    summary: "Add a group",
    tag: "people",
    access: ADMINISTER,
    status: 201,
    body: named.extend({ key }),
    reply: made,
    handle: ({ body }, { principal, ip }) => people.createGroup(body, auditActor(principal, ip)),
  });
  const removeGroup = defineEndpoint({
    method: "delete",
    path: "/admin/groups/:id",
    summary: "Remove a group",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    handle: ({ params }, { principal, ip }) => people.removeGroup(params.id, auditActor(principal, ip)),
  });
  const createPosition = defineEndpoint({
    method: "post",
    path: "/admin/positions",
    summary: "Add a position",
    tag: "people",
    access: ADMINISTER,
    status: 201,
    body: named.extend({ key }),
    reply: made,
    handle: ({ body }, { principal, ip }) => people.createPosition(body, auditActor(principal, ip)),
  });

  return [structure, createDepartment, changeDepartment, removeDepartment, createGroup, removeGroup, createPosition];
}

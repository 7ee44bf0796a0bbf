import { sql } from "kysely";
import { z } from "zod";
import { DomainError, type Clock } from "@kontor/shared/base";
import { defineEndpoint, type Database, type Endpoint } from "#kernel";
import type { PeopleService } from "./people.service.ts";
import { peopleTables } from "./people.tables.ts";
import type { SessionService } from "./session.service.ts";
import { tokenAdminEndpoints } from "./tokens.admin.endpoints.ts";

export interface PeopleEndpointDeps {
  readonly db: Database;
  readonly people: PeopleService;
  readonly sessions: SessionService;
  readonly clock: Clock;
}

const ADMINISTER = { kind: "system", action: "administer" } as const;
const idParams = z.object({ id: z.uuid() });
const name = z.string().trim().min(1).max(200);
const key = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "lowercase letters, digits and dashes, beginning with a letter");
const optionalId = z.uuid().nullable().optional();

const personBody = z.object({
  // \p{C}: control, invisible and unassigned characters, with which one name could be made to look like another.
  login: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .regex(/^[^\s\p{C}]+$/u, "no spaces and no invisible characters"),
  name,
  email: z.email().max(254).nullable().optional(),
  phone: z.string().trim().max(60).nullable().optional(),
  locale: z.enum(["en", "ru"]).optional(),
  departmentId: optionalId,
  positionId: optionalId,
  managerId: optionalId,
  groupIds: z.array(z.uuid()).max(200).optional(),
  password: z.string().max(1024).optional(),
});
const personRow = z.object({
  id: z.uuid(),
  login: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  locale: z.string(),
  state: z.enum(["active", "disabled"]),
  departmentId: z.uuid().nullable(),
  positionId: z.uuid().nullable(),
  managerId: z.uuid().nullable(),
  groupIds: z.array(z.uuid()),
  hasPassword: z.boolean(),
  lastSeenAt: z.string().nullable(),
  createdAt: z.string(),
});
const named = z.object({ nameEn: name, nameRu: name });
const departmentBody = named.extend({
  parentId: optionalId,
  code: z.string().trim().min(1).max(40).nullable().optional(),
});
const made = z.object({ id: z.uuid() });

/** What administrators do with people; everything here asks for `system.administer`. */
export function peopleEndpoints({ db, people, sessions, clock }: PeopleEndpointDeps): readonly Endpoint[] {
  const tables = peopleTables(db);

  const list = defineEndpoint({
    method: "get",
    path: "/admin/people",
    summary: "People, sorted by name",
    tag: "people",
    access: ADMINISTER,
    query: z.object({
      search: z.string().trim().max(200).optional(),
      departmentId: z.uuid().optional(),
      state: z.enum(["active", "disabled"]).optional(),
      after: z.string().max(2_000).optional().describe("`next` of the page before"),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
    reply: z.object({ people: z.array(personRow), total: z.number().int(), next: z.string().optional() }),
    async handle({ query }) {
      let rows = tables.selectFrom("app_user");
      if (query.state) rows = rows.where("state", "=", query.state);
      if (query.departmentId) rows = rows.where("department_id", "=", query.departmentId);
      if (query.search) {
        const like = `%${query.search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
        rows = rows.where((where) =>
          where.or([where("name", "ilike", like), where("login", "ilike", like), where("email", "ilike", like)]),
        );
      }
      const { total } = await rows.select((e) => e.fn.countAll<number>().as("total")).executeTakeFirstOrThrow();
      const after = query.after === undefined ? undefined : parseCursor(query.after);
      if (after) rows = rows.where(sql<boolean>`(name, id) > (${after.name}, ${after.id}::uuid)`);
      const page = await rows
        .select([
          "id",
          "login",
          "name",
          "email",
          "phone",
          "locale",
          "state",
          "department_id",
          "position_id",
          "manager_id",
          "created_at",
        ])
        .select([
          sql<boolean>`password_hash is not null`.as("has_password"),
          sql<
            string[]
          >`coalesce((select array_agg(group_id::text order by group_id) from group_member m where m.user_id = app_user.id), '{}')`.as(
            "group_ids",
          ),
          sql<string | null>`(select max(last_seen_at) from session s where s.user_id = app_user.id)`.as(
            "last_seen_at",
          ),
        ])
        .orderBy("name")
        .orderBy("id")
        .limit(query.limit + 1)
        .execute();
      const shown = page.slice(0, query.limit);
      const last = page.length > query.limit ? shown.at(-1) : undefined;
      return {
        total,
        ...(last ? { next: Buffer.from(JSON.stringify([last.name, last.id])).toString("base64url") } : {}),
        people: shown.map((row) => ({
          id: row.id,
          login: row.login,
          name: row.name,
          email: row.email,
          phone: row.phone,
          locale: row.locale,
          state: row.state,
          departmentId: row.department_id,
          positionId: row.position_id,
          managerId: row.manager_id,
          groupIds: row.group_ids,
          hasPassword: row.has_password,
          lastSeenAt: row.last_seen_at,
          createdAt: row.created_at,
        })),
      };
    },
  });

  const create = defineEndpoint({
    method: "post",
    path: "/admin/people",
    summary: "Add a person",
    tag: "people",
    access: ADMINISTER,
    status: 201,
    body: personBody,
    reply: made,
    handle: ({ body }) => people.create(body),
  });

  const change = defineEndpoint({
    method: "patch",
    path: "/admin/people/:id",
    summary: "Change a person; switching off ends their sessions at once",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    body: personBody.partial().extend({ state: z.enum(["active", "disabled"]).optional() }),
    handle: ({ params, body }) => people.change(params.id, body),
  });

  const signOutPerson = defineEndpoint({
    method: "post",
    path: "/admin/people/:id/sign-out",
    summary: "End all sessions of a person",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    reply: z.object({ ended: z.number().int() }),
    handle: async ({ params }) => ({ ended: await sessions.signOutEverywhere(params.id) }),
  });

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
    handle: ({ body }) => people.createDepartment(body),
  });
  const changeDepartment = defineEndpoint({
    method: "patch",
    path: "/admin/departments/:id",
    summary: "Rename or move a department",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    body: departmentBody.partial(),
    handle: ({ params, body }) => people.changeDepartment(params.id, body),
  });
  const removeDepartment = defineEndpoint({
    method: "delete",
    path: "/admin/departments/:id",
    summary: "Remove an empty department",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    handle: ({ params }) => people.removeDepartment(params.id),
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
    handle: ({ body }) => people.createGroup(body),
  });
  const removeGroup = defineEndpoint({
    method: "delete",
    path: "/admin/groups/:id",
    summary: "Remove a group",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    handle: ({ params }) => people.removeGroup(params.id),
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
    handle: ({ body }) => people.createPosition(body),
  });

  const listSessions = defineEndpoint({
    method: "get",
    path: "/admin/sessions",
    summary: "Who is signed in, last seen first",
    tag: "people",
    access: ADMINISTER,
    query: z.object({ userId: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(500).default(200) }),
    reply: z.array(
      z.object({
        id: z.uuid(),
        userId: z.uuid(),
        userName: z.string(),
        channel: z.string(),
        deviceId: z.uuid().nullable(),
        deviceName: z.string().nullable(),
        ip: z.string().nullable(),
        createdAt: z.string(),
        lastSeenAt: z.string(),
        expiresAt: z.string(),
      }),
    ),
    handle({ query }) {
      let rows = tables
        .selectFrom("session")
        .innerJoin("app_user", "app_user.id", "session.user_id")
        .leftJoin("device", "device.id", "session.device_id")
        .select([
          "session.id",
          "session.user_id as userId",
          "app_user.name as userName",
          "channel",
          "session.device_id as deviceId",
          "device.name as deviceName",
          "ip",
          "session.created_at as createdAt",
          "session.last_seen_at as lastSeenAt",
          "session.expires_at as expiresAt",
        ]);
      rows = rows.where("session.expires_at", ">", new Date(clock.now()).toISOString());
      if (query.userId) rows = rows.where("session.user_id", "=", query.userId);
      return rows.orderBy("session.last_seen_at", "desc").limit(query.limit).execute();
    },
  });
  const endSession = defineEndpoint({
    method: "delete",
    path: "/admin/sessions/:id",
    summary: "End one session",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    handle: ({ params }) => sessions.endSession(params.id),
  });

  const listDevices = defineEndpoint({
    method: "get",
    path: "/admin/devices",
    summary: "Devices that hold, or held, a replica",
    tag: "people",
    access: ADMINISTER,
    query: z.object({ userId: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(500).default(200) }),
    reply: z.array(
      z.object({
        id: z.uuid(),
        userId: z.uuid(),
        userName: z.string(),
        name: z.string(),
        platform: z.string(),
        createdAt: z.string(),
        lastSeenAt: z.string(),
        revokedAt: z.string().nullable(),
      }),
    ),
    handle({ query }) {
      let rows = tables
        .selectFrom("device")
        .innerJoin("app_user", "app_user.id", "device.user_id")
        .select([
          "device.id",
          "device.user_id as userId",
          "app_user.name as userName",
          "device.name",
          "platform",
          "device.created_at as createdAt",
          "device.last_seen_at as lastSeenAt",
          "revoked_at as revokedAt",
        ]);
      if (query.userId) rows = rows.where("device.user_id", "=", query.userId);
      return rows.orderBy("device.last_seen_at", "desc").limit(query.limit).execute();
    },
  });
  const revokeDevice = defineEndpoint({
    method: "post",
    path: "/admin/devices/:id/revoke",
    summary: "Sign a device out; it cannot come back without a new sign-in",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    handle: ({ params }) => sessions.revokeDevice(params.id),
  });

  return [
    list,
    create,
    change,
    signOutPerson,
    structure,
    createDepartment,
    changeDepartment,
    removeDepartment,
    createGroup,
    removeGroup,
    createPosition,
    listSessions,
    endSession,
    listDevices,
    revokeDevice,
    ...tokenAdminEndpoints({ db }),
  ];
}

function parseCursor(text: string): { name: string; id: string } {
  try {
    const [name, id] = z.tuple([z.string(), z.uuid()]).parse(JSON.parse(Buffer.from(text, "base64url").toString()));
    return { name, id };
  } catch {
    throw new DomainError("invalid", "`after` is not a cursor of this list.", {
      reason: "cursor.invalid",
      problems: [{ field: "after", reason: "cursor.invalid", message: "Use `next` of the page before." }],
    });
  }
}

import { sql } from "kysely";
import { z } from "zod";
import { DomainError, type Clock } from "@kontor/shared/base";
import { auditActor, defineEndpoint, type Database, type Endpoint } from "#kernel";
import { subjectAttributeKinds, type SubjectAttributes } from "@kontor/shared/people";
import { attributesReply, attributeValues } from "./attributes.check.ts";
import type { PeopleService } from "./people.service.ts";
import { peopleTables } from "./people.tables.ts";
import { serviceAdminEndpoints } from "./services.admin.endpoints.ts";
import type { ServiceAccounts } from "./services.service.ts";
import type { SessionService } from "./session.service.ts";
import { sessionsAdminEndpoints } from "./sessions.admin.endpoints.ts";
import { structureAdminEndpoints } from "./structure.admin.endpoints.ts";
import { tokenAdminEndpoints } from "./tokens.admin.endpoints.ts";

export interface PeopleEndpointDeps {
  readonly db: Database;
  readonly people: PeopleService;
  readonly sessions: SessionService;
  readonly clock: Clock;
  readonly services: ServiceAccounts;
  readonly subjectAttributes: SubjectAttributes;
}

const ADMINISTER = { kind: "system", action: "administer" } as const;
const idParams = z.object({ id: z.uuid() });
const name = z.string().trim().min(1).max(200);
const label = z.object({ en: z.string(), ru: z.string() });
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
  attributes: attributeValues.optional().describe("Those that are named are set, null takes one away"),
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
  attributes: attributesReply,
  hasPassword: z.boolean(),
  lastSeenAt: z.string().nullable(),
  createdAt: z.string(),
});
const made = z.object({ id: z.uuid() });

/** What administrators do with people; everything here asks for `system.administer`. */
export function peopleEndpoints({
  db,
  people,
  sessions,
  clock,
  services,
  subjectAttributes,
}: PeopleEndpointDeps): readonly Endpoint[] {
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
          "attributes",
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
          attributes: row.attributes,
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
    handle: ({ body }, { principal, ip }) => people.create(body, auditActor(principal, ip)),
  });

  const change = defineEndpoint({
    method: "patch",
    path: "/admin/people/:id",
    summary: "Change a person; switching off ends their sessions at once",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    body: personBody.partial().extend({ state: z.enum(["active", "disabled"]).optional() }),
    handle: ({ params, body }, { principal, ip }) => people.change(params.id, body, auditActor(principal, ip)),
  });

  const signOutPerson = defineEndpoint({
    method: "post",
    path: "/admin/people/:id/sign-out",
    summary: "End all sessions of a person",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    reply: z.object({ ended: z.number().int() }),
    handle: async ({ params }, { principal, ip }) => ({
      ended: await sessions.signOutEverywhere(params.id, { by: auditActor(principal, ip) }),
    }),
  });

  const listAttributes = defineEndpoint({
    method: "get",
    path: "/admin/subject-attributes",
    summary: "What people and services may have beyond what every installation has, for policies to ask",
    tag: "people",
    access: ADMINISTER,
    reply: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(subjectAttributeKinds),
        label,
        options: z.array(z.object({ value: z.union([z.string(), z.number()]), label })).optional(),
      }),
    ),
    handle: async () =>
      Object.entries(subjectAttributes).map(([name, { kind, label, options }]) => ({
        name,
        kind,
        label,
        ...(options && { options: [...options] }),
      })),
  });

  return [
    listAttributes,
    list,
    create,
    change,
    signOutPerson,
    ...serviceAdminEndpoints({ services }),
    ...tokenAdminEndpoints({ db, sessions }),
    ...structureAdminEndpoints({ db, people }),
    ...sessionsAdminEndpoints({ db, sessions, clock }),
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

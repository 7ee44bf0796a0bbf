import { sql } from "kysely";
import { DomainError, newId, type Clock, type FieldProblem } from "@kontor/shared/base";
import {
  recordAudit,
  recordChanges,
  type AuditActor,
  type AuditEntry,
  type Database,
  type Doorbell,
  type Transaction,
} from "#kernel";
import type { SubjectAttributes } from "@kontor/shared/people";
import { changeAttributes, type AttributeValues } from "./attributes.check.ts";
import { normalizeLogin } from "./login.ts";
import { checkNewPassword, hashPassword } from "./password.ts";
import { ADMINISTRATORS, peopleTables } from "./people.tables.ts";
import type { SessionService } from "./session.service.ts";

export interface PersonInput {
  readonly login: string;
  readonly name: string;
  readonly email?: string | null | undefined;
  readonly phone?: string | null | undefined;
  readonly locale?: "en" | "ru" | undefined;
  readonly departmentId?: string | null | undefined;
  readonly positionId?: string | null | undefined;
  readonly managerId?: string | null | undefined;
  readonly groupIds?: readonly string[] | undefined;
  readonly password?: string | undefined;
  /** Those that are named are set; null takes one away; the others stay. */
  readonly attributes?: AttributeValues | undefined;
}

export type PersonChange = Change<PersonInput> & { readonly state?: "active" | "disabled" | undefined };

/** Absent and undefined both mean: leave it as it is. */
type Change<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

export interface NamedInput {
  readonly nameEn: string;
  readonly nameRu: string;
}

/**
 * Keeps people, departments, groups and positions; each change is in the change log (POL-11) and in the audit log (POL-12)
 * of its own transaction. `by` is who wants it; absent, it is the server itself.
 */
export interface PeopleService {
  create(input: PersonInput, by?: AuditActor): Promise<{ id: string }>;
  change(id: string, change: PersonChange, by?: AuditActor): Promise<void>;
  createDepartment(
    input: NamedInput & { readonly parentId?: string | null | undefined; readonly code?: string | null | undefined },
    by?: AuditActor,
  ): Promise<{ id: string }>;
  changeDepartment(
    id: string,
    input: Change<NamedInput> & {
      readonly parentId?: string | null | undefined;
      readonly code?: string | null | undefined;
    },
    by?: AuditActor,
  ): Promise<void>;
  removeDepartment(id: string, by?: AuditActor): Promise<void>;
  createGroup(input: NamedInput & { readonly key: string }, by?: AuditActor): Promise<{ id: string }>;
  removeGroup(id: string, by?: AuditActor): Promise<void>;
  createPosition(input: NamedInput & { readonly key: string }, by?: AuditActor): Promise<{ id: string }>;
}

export interface PeopleDeps {
  readonly db: Database;
  readonly doorbell: Pick<Doorbell, "ring">;
  readonly sessions: SessionService;
  readonly clock: Clock;
  /** What people may have beyond what every installation has. Absent: nothing. */
  readonly subjectAttributes?: SubjectAttributes;
  /** Whether policies let this member of the administrators administer, as the transaction leaves them (POL-9). */
  mayAdminister?(trx: Transaction, userId: string): Promise<boolean>;
  /** What other features keep for each person, such as a mailbox: in the transaction in which one comes or changes. */
  settle?(trx: Transaction, userId: string): Promise<void>;
}

const ORGANISATION_LOCK = 0x70656f706c65; // "people" in ASCII

export function createPeopleService({
  db,
  doorbell,
  sessions,
  clock,
  subjectAttributes = {},
  mayAdminister = async () => true,
  settle = async () => undefined,
}: PeopleDeps): PeopleService {
  async function write<T>(change: (trx: Transaction) => Promise<T>): Promise<T> {
    const result = await db
      .transaction()
      .execute(async (trx) => {
        // One change of the organisation at a time: "the last administrator" and "no cycle" are said of all rows
        // together, and two changes that each look right alone would break them, or wait for each other for ever.
        await sql`select pg_advisory_xact_lock(${ORGANISATION_LOCK})`.execute(trx);
        const hadAdministrator = await hasAdministrator(trx, mayAdminister);
        const changed = await change(trx);
        if (hadAdministrator && !(await hasAdministrator(trx, mayAdminister))) throw lastAdministrator();
        return changed;
      })
      .catch(explainConflict);
    doorbell.ring();
    return result;
  }

  const record = (
    trx: Transaction,
    by: AuditActor | undefined,
    { action, details = {}, ...object }: { action: string; kind: string; id: string; details?: AuditEntry["details"] },
  ) =>
    recordAudit(trx, new Date(clock.now()).toISOString(), [
      { action, outcome: "done", ...(by && { by }), object, details },
    ]);

  async function attributesAfter(trx: Transaction, id: string, change: AttributeValues) {
    const row = await peopleTables(trx)
      .selectFrom("app_user")
      .select("attributes")
      .where("id", "=", id)
      .executeTakeFirst();
    return row && changeAttributes(subjectAttributes, row.attributes, change);
  }

  return {
    async create(input, by) {
      if (input.password !== undefined) checkNewPassword(input.password);
      const id = newId();
      const passwordHash = input.password === undefined ? null : await hashPassword(input.password);
      await write(async (trx) => {
        const tables = peopleTables(trx);
        await tables
          .insertInto("app_user")
          .values({
            id,
            login: normalizeLogin(input.login),
            name: input.name,
            email: input.email ?? null,
            phone: input.phone ?? null,
            locale: input.locale ?? "en",
            password_hash: passwordHash,
            department_id: input.departmentId ?? null,
            position_id: input.positionId ?? null,
            manager_id: input.managerId ?? null,
            attributes: jsonb(changeAttributes(subjectAttributes, {}, input.attributes ?? {})),
          })
          .execute();
        const groups = input.groupIds ? await setGroups(trx, id, input.groupIds) : {};
        await settle(trx, id);
        await recordChanges(trx, [{ collection: "people", id }]);
        const details = { fields: fieldsIn(input), ...groups };
        await record(trx, by, { action: "people.created", kind: "person", id, details });
      });
      return { id };
    },

    async change(id, change, by) {
      if (change.password !== undefined) checkNewPassword(change.password);
      const passwordHash = change.password === undefined ? undefined : await hashPassword(change.password);
      const tellEnded = await write(async (trx) => {
        const tables = peopleTables(trx);
        if (change.managerId) await refuseManagerCycle(trx, id, change.managerId);
        const attributes = change.attributes && (await attributesAfter(trx, id, change.attributes));
        const updated = await tables
          .updateTable("app_user")
          .set({
            updated_at: new Date(clock.now()).toISOString(),
            ...(change.login === undefined ? {} : { login: normalizeLogin(change.login) }),
            ...(change.name === undefined ? {} : { name: change.name }),
            ...(change.email === undefined ? {} : { email: change.email }),
            ...(change.phone === undefined ? {} : { phone: change.phone }),
            ...(change.locale === undefined ? {} : { locale: change.locale }),
            ...(change.departmentId === undefined ? {} : { department_id: change.departmentId }),
            ...(change.positionId === undefined ? {} : { position_id: change.positionId }),
            ...(change.managerId === undefined ? {} : { manager_id: change.managerId }),
            ...(change.state === undefined ? {} : { state: change.state }),
            ...(passwordHash === undefined ? {} : { password_hash: passwordHash }),
            ...(attributes === undefined ? {} : { attributes: jsonb(attributes) }),
          })
          .where("id", "=", id)
          .returning("id")
          .executeTakeFirst();
        if (!updated) throw new DomainError("notFound", "There is no such person.", { reason: "person.unknown" });
        const groups = change.groupIds ? await setGroups(trx, id, change.groupIds) : {};
        await settle(trx, id);
        await recordChanges(trx, [{ collection: "people", id }]);
        const details = { fields: fieldsIn(change), ...(change.state && { state: change.state }), ...groups };
        await record(trx, by, { action: "people.changed", kind: "person", id, details });
        const isOff = change.state === "disabled";
        if (!isOff && change.password === undefined) return undefined;
        return await sessions.signOutWithin(trx, id, { ...(isOff && { why: "disabled" }), ...(by && { by }) });
      });
      // VIS-6: what was open under the old password or the switched-off account is closed at once.
      tellEnded?.();
    },

    async createDepartment({ nameEn, nameRu, parentId, code }, by) {
      const id = newId();
      await write(async (trx) => {
        await peopleTables(trx)
          .insertInto("department")
          .values({ id, parent_id: parentId ?? null, name_en: nameEn, name_ru: nameRu, code: code ?? null })
          .execute();
        await recordChanges(trx, [{ collection: "departments", id }]);
        await record(trx, by, { action: "people.departmentCreated", kind: "department", id });
      });
      return { id };
    },

    async changeDepartment(id, input, by) {
      const { nameEn, nameRu, parentId, code } = input;
      await write(async (trx) => {
        if (parentId) await refuseDepartmentCycle(trx, id, parentId);
        const updated = await peopleTables(trx)
          .updateTable("department")
          .set({
            id,
            ...(nameEn === undefined ? {} : { name_en: nameEn }),
            ...(nameRu === undefined ? {} : { name_ru: nameRu }),
            ...(parentId === undefined ? {} : { parent_id: parentId }),
            ...(code === undefined ? {} : { code }),
          })
          .where("id", "=", id)
          .returning("id")
          .executeTakeFirst();
        if (!updated)
          throw new DomainError("notFound", "There is no such department.", { reason: "department.unknown" });
        await recordChanges(trx, [{ collection: "departments", id }]);
        const details = { fields: fieldsIn(input) };
        await record(trx, by, { action: "people.departmentChanged", kind: "department", id, details });
      });
    },

    async removeDepartment(id, by) {
      await write(async (trx) => {
        const tables = peopleTables(trx);
        const people = await tables
          .selectFrom("app_user")
          .select((e) => e.fn.countAll<number>().as("n"))
          .where("department_id", "=", id)
          .executeTakeFirstOrThrow();
        const children = await tables
          .selectFrom("department")
          .select((e) => e.fn.countAll<number>().as("n"))
          .where("parent_id", "=", id)
          .executeTakeFirstOrThrow();
        if (people.n > 0 || children.n > 0) {
          throw new DomainError(
            "conflict",
            `The department still has ${people.n} people and ${children.n} departments below it. Move them first.`,
            { reason: "department.notEmpty", params: { people: people.n, departments: children.n } },
          );
        }
        const done = await tables.deleteFrom("department").where("id", "=", id).returning("id").executeTakeFirst();
        if (!done) throw new DomainError("notFound", "There is no such department.", { reason: "department.unknown" });
        await recordChanges(trx, [{ collection: "departments", id }]);
        await record(trx, by, { action: "people.departmentRemoved", kind: "department", id });
      });
    },

    async createGroup({ key, nameEn, nameRu }, by) {
      const id = newId();
      await write(async (trx) => {
        await peopleTables(trx)
          .insertInto("user_group")
          .values({ id, key, name_en: nameEn, name_ru: nameRu })
          .execute();
        await recordChanges(trx, [{ collection: "groups", id }]);
        await record(trx, by, { action: "people.groupCreated", kind: "group", id, details: { key } });
      });
      return { id };
    },

    async removeGroup(id, by) {
      await write(async (trx) => {
        const members = await peopleTables(trx)
          .selectFrom("group_member")
          .select("user_id")
          .where("group_id", "=", id)
          .execute();
        const done = await peopleTables(trx)
          .deleteFrom("user_group")
          .where("id", "=", id)
          .where("key", "!=", ADMINISTRATORS)
          .returning("key")
          .executeTakeFirst();
        if (!done)
          throw new DomainError("notFound", "There is no such group that could be removed.", {
            reason: "group.unknown",
          });
        await recordChanges(trx, [
          { collection: "groups", id },
          ...members.map((member) => ({ collection: "people", id: member.user_id })),
        ]);
        const details = { key: done.key, members: members.length };
        await record(trx, by, { action: "people.groupRemoved", kind: "group", id, details });
      });
    },

    async createPosition({ key, nameEn, nameRu }, by) {
      const id = newId();
      await write(async (trx) => {
        await peopleTables(trx).insertInto("position").values({ id, key, name_en: nameEn, name_ru: nameRu }).execute();
        await recordChanges(trx, [{ collection: "positions", id }]);
        await record(trx, by, { action: "people.positionCreated", kind: "position", id, details: { key } });
      });
      return { id };
    },
  };
}

const jsonb = (value: AttributeValues) => sql<AttributeValues>`${JSON.stringify(value)}::jsonb`;

/** Names of what was given: what stands in it may be a password, and is nobody's business who reads the log. */
const fieldsIn = (input: object): string[] =>
  Object.entries(input).flatMap(([key, value]) => (value === undefined ? [] : [key]));

/** Returns which groups came and went, by key: rights hang on them. */
async function setGroups(
  trx: Transaction,
  userId: string,
  groupIds: readonly string[],
): Promise<{ groupsAdded?: string[]; groupsRemoved?: string[] }> {
  const tables = peopleTables(trx);
  const before = await groupKeysOf(trx, userId);
  await tables.deleteFrom("group_member").where("user_id", "=", userId).execute();
  if (groupIds.length > 0)
    await tables
      .insertInto("group_member")
      .values([...new Set(groupIds)].map((groupId) => ({ group_id: groupId, user_id: userId })))
      .execute();
  const after = await groupKeysOf(trx, userId);
  const added = after.filter((key) => !before.includes(key));
  const removed = before.filter((key) => !after.includes(key));
  return { ...(added.length > 0 && { groupsAdded: added }), ...(removed.length > 0 && { groupsRemoved: removed }) };
}

async function groupKeysOf(trx: Transaction, userId: string): Promise<string[]> {
  const rows = await peopleTables(trx)
    .selectFrom("group_member")
    .innerJoin("user_group", "user_group.id", "group_member.group_id")
    .select("key")
    .where("user_id", "=", userId)
    .orderBy("key")
    .execute();
  return rows.map(({ key }) => key);
}

/** Somebody who may administer, also by the policies, and can sign in. */
async function hasAdministrator(
  trx: Transaction,
  mayAdminister: NonNullable<PeopleDeps["mayAdminister"]>,
): Promise<boolean> {
  const members = await peopleTables(trx)
    .selectFrom("group_member")
    .innerJoin("user_group", "user_group.id", "group_member.group_id")
    .innerJoin("app_user", "app_user.id", "group_member.user_id")
    .select("user_id")
    .where("key", "=", ADMINISTRATORS)
    .where("state", "=", "active")
    .where("password_hash", "is not", null)
    .execute();
  for (const { user_id } of members) if (await mayAdminister(trx, user_id)) return true;
  return false;
}

/** POL-9: the last administrator who can sign in stays one. */
const lastAdministrator = () =>
  new DomainError(
    "conflict",
    "This would leave the installation without an administrator. Make somebody else one first.",
    { reason: "administrators.last" },
  );

async function refuseManagerCycle(trx: Transaction, id: string, managerId: string): Promise<void> {
  const { rows } = await sql`
    with recursive above as (
      select ${managerId}::uuid as id
      union select u.manager_id from app_user u join above on above.id = u.id where u.manager_id is not null
    )
    select from above where id = ${id}`.execute(trx);
  if (rows.length > 0)
    throw problem("managerId", "person.managerCycle", "A person cannot be, even indirectly, their own manager.");
}

async function refuseDepartmentCycle(trx: Transaction, id: string, parentId: string): Promise<void> {
  const { rows } = await sql`
    with recursive above as (
      select ${parentId}::uuid as id
      union select d.parent_id from department d join above on above.id = d.id where d.parent_id is not null
    )
    select from above where id = ${id}`.execute(trx);
  if (rows.length > 0) throw problem("parentId", "department.cycle", "A department cannot lie below itself.");
}

const CONFLICTS: Readonly<Record<string, FieldProblem>> = {
  app_user_login: { field: "login", reason: "login.taken", message: "Another person has this sign-in name." },
  app_user_login_not_service: {
    field: "login",
    reason: "login.service",
    message: "Names that begin with service: are for services.",
  },
  department_code_key: { field: "code", reason: "code.taken", message: "Another department has this code." },
  user_group_key_key: { field: "key", reason: "key.taken", message: "Another group has this key." },
  position_key_key: { field: "key", reason: "key.taken", message: "Another position has this key." },
  app_user_department_id_fkey: {
    field: "departmentId",
    reason: "department.unknown",
    message: "There is no such department.",
  },
  app_user_position_id_fkey: { field: "positionId", reason: "position.unknown", message: "There is no such position." },
  app_user_manager_id_fkey: { field: "managerId", reason: "person.unknown", message: "There is no such person." },
  group_member_group_id_fkey: { field: "groupIds", reason: "group.unknown", message: "There is no such group." },
  department_parent_id_fkey: {
    field: "parentId",
    reason: "department.unknown",
    message: "There is no such department.",
  },
};

function explainConflict(error: unknown): never {
  const known = CONFLICTS[(error as { constraint?: string }).constraint ?? ""];
  if (!known) throw error;
  throw new DomainError("invalid", known.message, { reason: known.reason, problems: [known] }, error);
}

const problem = (field: string, reason: string, message: string) =>
  new DomainError("invalid", message, { reason, problems: [{ field, reason, message }] });

import { sql } from "kysely";
import { DomainError, newId } from "@kontor/shared/base";
import type { SubjectAttributes } from "@kontor/shared/people";
import { recordChanges, type AuditActor, type Transaction } from "#kernel";
import { changeAttributes, type AttributeValues } from "./attributes.check.ts";
import { normalizeLogin } from "./login.ts";
import { createOrganisation, type Change, type OrganisationDeps } from "./organisation.write.ts";
import { checkNewPassword, hashPassword } from "./password.ts";
import { fieldsIn } from "./people.audit.ts";
import { problem } from "./people.problems.ts";
import { peopleTables } from "./people.tables.ts";
import type { SessionService } from "./session.service.ts";
import { createStructure, type Structure } from "./structure.service.ts";

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

/**
 * Keeps people, departments, groups and positions; each change is in the change log (POL-11) and in the audit log (POL-12)
 * of its own transaction. `by` is who wants it; absent, it is the server itself.
 */
export interface PeopleService extends Structure {
  create(input: PersonInput, by?: AuditActor): Promise<{ id: string }>;
  change(id: string, change: PersonChange, by?: AuditActor): Promise<void>;
}

export interface PeopleDeps extends OrganisationDeps {
  readonly sessions: Pick<SessionService, "signOutWithin">;
  /** What people may have beyond what every installation has. Absent: nothing. */
  readonly subjectAttributes?: SubjectAttributes;
  /** What other features keep for each person, such as a mailbox: in the transaction in which one comes or changes. */
  settle?(trx: Transaction, userId: string): Promise<void>;
}

export function createPeopleService({
  sessions,
  subjectAttributes = {},
  settle = async () => undefined,
  ...deps
}: PeopleDeps): PeopleService {
  const organisation = createOrganisation(deps);
  const { write, record } = organisation;

  async function attributesAfter(trx: Transaction, id: string, change: AttributeValues) {
    const row = await peopleTables(trx)
      .selectFrom("app_user")
      .select("attributes")
      .where("id", "=", id)
      .executeTakeFirst();
    return row && changeAttributes(subjectAttributes, row.attributes, change);
  }

  return {
    ...createStructure(organisation),

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
            updated_at: new Date(deps.clock.now()).toISOString(),
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
  };
}

const jsonb = (value: AttributeValues) => sql<AttributeValues>`${JSON.stringify(value)}::jsonb`;

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

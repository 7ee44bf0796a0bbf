import { sql } from "kysely";
import { DomainError, newId } from "@kontor/shared/base";
import { recordChanges, type AuditActor, type Transaction } from "#kernel";
import type { Change, Organisation } from "./organisation.write.ts";
import { fieldsIn } from "./people.audit.ts";
import { problem } from "./people.problems.ts";
import { ADMINISTRATORS, peopleTables } from "./people.tables.ts";

interface NamedInput {
  readonly nameEn: string;
  readonly nameRu: string;
}

interface DepartmentInput extends NamedInput {
  readonly parentId?: string | null | undefined;
  readonly code?: string | null | undefined;
}

/** What people belong to: departments as a tree, groups and positions. */
export interface Structure {
  createDepartment(input: DepartmentInput, by?: AuditActor): Promise<{ id: string }>;
  changeDepartment(id: string, input: Change<DepartmentInput>, by?: AuditActor): Promise<void>;
  removeDepartment(id: string, by?: AuditActor): Promise<void>;
  createGroup(input: NamedInput & { readonly key: string }, by?: AuditActor): Promise<{ id: string }>;
  removeGroup(id: string, by?: AuditActor): Promise<void>;
  createPosition(input: NamedInput & { readonly key: string }, by?: AuditActor): Promise<{ id: string }>;
}

const FOREIGN_KEY_VIOLATION = "23503"; // PostgreSQL, appendix A

export function createStructure({ write, record }: Organisation): Structure {
  return {
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
        const done = await tables
          .deleteFrom("department")
          .where("id", "=", id)
          .returning("id")
          .executeTakeFirst()
          .catch(explainUse);
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

/** Other features name departments too, such as mail for its mailboxes; they let nobody forget what they belong to. */
function explainUse(error: unknown): never {
  if ((error as { code?: string }).code !== FOREIGN_KEY_VIOLATION) throw error;
  const message = "Something still belongs to the department, such as a mailbox. Move it first.";
  throw new DomainError("conflict", message, { reason: "department.inUse" }, error);
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

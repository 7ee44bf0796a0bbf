import type { ResourceInstance, Subject } from "@kontor/shared/access";
import { isId } from "@kontor/shared/base";
import type { Database } from "#kernel";
import { normalizeLogin } from "./login.ts";
import { peopleTables } from "./people.tables.ts";
import { loadServiceSubject } from "./services.service.ts";
import { loadSubject } from "./subject.ts";

/**
 * Whom another system means: a person (`user`) by id or sign-in name, a service (`service`) by id or key. What looks like an
 * id is one: somebody who is called like another's id is not found by it.
 */
export async function findSubject(db: Database, type: string, id: string): Promise<Subject | undefined> {
  if (type === "service") return loadServiceSubject(db, isId(id) ? { id } : { key: id });
  if (type !== "user") return undefined;
  const person = await personOf(db, id);
  return person && loadSubject(db, person.id);
}

/** A person as policies about `person` see them, by id or sign-in name. */
export async function findPerson(db: Database, id: string): Promise<ResourceInstance | undefined> {
  const person = await personOf(db, id);
  return (
    person && {
      type: "person",
      attributes: {
        id: person.id,
        department: person.department_id ?? undefined,
        manager: person.manager_id ?? undefined,
        active: person.state === "active",
      },
    }
  );
}

const personOf = (db: Database, id: string) =>
  peopleTables(db)
    .selectFrom("app_user")
    .select(["id", "department_id", "manager_id", "state"])
    .where((where) =>
      isId(id) ? where("id", "=", id) : where(where.fn<string>("lower", ["login"]), "=", normalizeLogin(id)),
    )
    .executeTakeFirst();

/** People who are switched on, in the order of their ids. */
export function pagePeople(db: Database, after: string | undefined, limit: number) {
  const active = peopleTables(db).selectFrom("app_user").select(["id", "login"]).where("state", "=", "active");
  return (after === undefined ? active : active.where("id", ">", after)).orderBy("id").limit(limit).execute();
}

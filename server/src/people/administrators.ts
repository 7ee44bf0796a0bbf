import { newId } from "@kontor/shared/base";
import type { Subject } from "@kontor/shared/access";
import type { Database, Transaction } from "#kernel";
import { ADMINISTRATORS, peopleTables } from "./people.tables.ts";
import { loadSubject } from "./subject.ts";

/** Everybody who may administer and can sign in (POL-9 asks). */
export async function loadAdministrators(db: Database): Promise<readonly Subject[]> {
  const rows = await peopleTables(db)
    .selectFrom("group_member")
    .innerJoin("user_group", "user_group.id", "group_member.group_id")
    .innerJoin("app_user", "app_user.id", "group_member.user_id")
    .select("app_user.id")
    .where("key", "=", ADMINISTRATORS)
    .where("state", "=", "active")
    .where("password_hash", "is not", null)
    .execute();
  const subjects = await Promise.all(rows.map((row) => loadSubject(db, row.id)));
  return subjects.filter((subject) => subject !== undefined);
}

/** The group of administrators, made on first use. */
export async function ensureAdministrators(db: Database | Transaction): Promise<string> {
  const tables = peopleTables(db);
  await tables
    .insertInto("user_group")
    .values({ id: newId(), key: ADMINISTRATORS, name_en: "Administrators", name_ru: "Администраторы" })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
  return (
    await tables.selectFrom("user_group").select("id").where("key", "=", ADMINISTRATORS).executeTakeFirstOrThrow()
  ).id;
}

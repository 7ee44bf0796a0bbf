import { sql } from "kysely";
import type { TypeRegistry } from "@kontor/server/objects";
import { importRecord } from "@kontor/server/objects";
import { recordChanges, type Database, type Transaction } from "#kernel";
import type { ImportedMail } from "#mail";
import { hashPassword, peopleTables } from "#people";
import { createCalendar } from "./calendar.ts";
import { demoDomain, departmentId, departments, groups, people, positions, personOf, positionOf } from "./company.ts";
import { createDemoMail } from "./mail/demoMail.ts";
import { demoFiles, type DemoFile } from "./files/demoFiles.ts";
import { createDemoCompany } from "./records.ts";
import { importRequests } from "./requests.ts";
import { demoId } from "./random.ts";

export interface DemoDeps {
  readonly db: Database;
  readonly types: TypeRegistry;
  readonly timeZone: string;
  readonly now: number;
  /** Keeps a file under its id, once; called again after an interrupted load. */
  storeFile(file: DemoFile, bytes: Buffer): Promise<void>;
  /** Makes the mailboxes of people, and then keeps this mail, each thing once. */
  importMail(mail: ImportedMail): Promise<void>;
}

export interface LoadedDemo {
  /** False when the company was there already. */
  readonly created: boolean;
  /** The same for everybody below; a demo company has no secrets, and no business on an open network. */
  readonly password: string;
  readonly signIns: readonly {
    readonly login: string;
    readonly name: string;
    readonly who: { readonly en: string; readonly ru: string };
  }[];
  readonly people: number;
  readonly records: number;
  readonly files: number;
}

const DEMO_PASSWORD = "aurora-demo";
const AT_ONCE = 8; // files: while the disk syncs some, others are drawn
const LOADED = "demo.files"; // in server_state: the number of files, once all of them and the mail are kept

/** Puts the demo company into an installation, once. Whatever an interruption left out is added by the next call. */
export async function loadDemo({ db, types, timeZone, now, storeFile, importMail }: DemoDeps): Promise<LoadedDemo> {
  const company = createDemoCompany(now);
  const password = await hashPassword(DEMO_PASSWORD);
  const created = await db.transaction().execute(async (trx) => {
    if (!(await insertPeople(trx, password))) return false;
    for (const record of company.records) await importRecord(trx, record, { types, timeZone });
    await importRequests(trx, { contracts: company.contracts, now });
    return true;
  });
  const numbers = await numbersOf(
    db,
    company.records.map(({ id }) => id),
  );
  const files = demoFiles(company, numbers);
  if (!(await isLoaded(db))) {
    for (let from = 0; from < files.length; from += AT_ONCE) {
      await Promise.all(files.slice(from, from + AT_ONCE).map(async (file) => storeFile(file, await file.bytes())));
    }
    const mail = await createDemoMail({ company, numbers, calendar: createCalendar(now) });
    await importMail(mail);
    await db
      .insertInto("server_state")
      .values({ key: LOADED, value: JSON.stringify(String(files.length)) })
      .onConflict((conflict) => conflict.column("key").doNothing())
      .execute();
  }
  const signIns = people.flatMap(({ login, name, demo }) => (demo ? [{ login, name, who: demo }] : []));
  return {
    created,
    password: DEMO_PASSWORD,
    signIns,
    people: people.length,
    records: company.records.length,
    files: files.length,
  };
}

const isLoaded = async (db: Database): Promise<boolean> =>
  (await db.selectFrom("server_state").select("key").where("key", "=", LOADED).executeTakeFirst()) !== undefined;

async function numbersOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{
    id: string;
    number: string;
  }>`select id, fields->>'number' as number from record where id = any(${ids}::uuid[]) and fields ? 'number'`.execute(
    db,
  );
  return new Map(rows.map(({ id, number }) => [id, number]));
}

/** False when they are there already. */
async function insertPeople(trx: Transaction, password: string): Promise<boolean> {
  const tables = peopleTables(trx);
  const [root] = departments;
  const there = await tables
    .selectFrom("department")
    .select("id")
    .where("id", "=", departmentId(root?.key ?? ""))
    .executeTakeFirst();
  if (there) return false;

  const departmentRows = departments.map(({ key, parent, en, ru, code }) => ({
    id: departmentId(key),
    parent_id: parent === undefined ? null : departmentId(parent),
    name_en: en,
    name_ru: ru,
    code,
  }));
  await tables.insertInto("department").values(departmentRows).execute();
  const positionRows = positions.map(({ key, en, ru }) => ({
    id: demoId("position", key),
    key,
    name_en: en,
    name_ru: ru,
  }));
  await tables
    .insertInto("position")
    .values(positionRows)
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
  const groupRows = groups.map(({ key, en, ru }) => ({ id: demoId("group", key), key, name_en: en, name_ru: ru }));
  // The administrators' group is the installation's own, and so may others be.
  await tables
    .insertInto("user_group")
    .values(groupRows)
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
  const groupIds = new Map(
    (await tables.selectFrom("user_group").select(["id", "key"]).execute()).map(({ id, key }) => [key, id]),
  );
  const positionIds = new Map(
    (await tables.selectFrom("position").select(["id", "key"]).execute()).map(({ id, key }) => [key, id]),
  );

  const personRows = people.map((person) => ({
    id: person.id,
    login: person.login,
    name: person.name,
    email: `${person.login}@${demoDomain}`,
    phone: `+7 812 000-14-14 ext. ${100 + people.indexOf(person)}`,
    locale: person.locale,
    password_hash: person.demo ? password : null,
    department_id: departmentId(person.department),
    position_id: positionIds.get(positionOf(person.position).key) ?? null,
    manager_id: person.manager === undefined ? null : personOf(person.manager).id,
  }));
  await tables.insertInto("app_user").values(personRows).execute();
  const memberRows = people.flatMap((person) =>
    person.groups.flatMap((key) => groupIds.get(key) ?? []).map((group_id) => ({ group_id, user_id: person.id })),
  );
  await tables.insertInto("group_member").values(memberRows).execute();

  await recordChanges(trx, [
    ...departmentRows.map(({ id }) => ({ collection: "departments", id })),
    ...[...positionIds.values()].map((id) => ({ collection: "positions", id })),
    ...[...groupIds.values()].map((id) => ({ collection: "groups", id })),
    ...personRows.map(({ id }) => ({ collection: "people", id })),
  ]);
  return true;
}

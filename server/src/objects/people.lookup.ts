import type { Database, Transaction } from "#kernel";

/** What records ask about people: only whether they are there. */
export interface PeopleLookup {
  existingPersons(db: Database | Transaction, ids: readonly string[]): Promise<ReadonlySet<string>>;
  existingDepartments(db: Database | Transaction, ids: readonly string[]): Promise<ReadonlySet<string>>;
}

type PeopleIds = { app_user: { id: string }; department: { id: string } };

const existing =
  (table: keyof PeopleIds) =>
  async (db: Database | Transaction, ids: readonly string[]): Promise<ReadonlySet<string>> => {
    if (ids.length === 0) return new Set();
    const rows = await db.withTables<PeopleIds>().selectFrom(table).select("id").where("id", "in", ids).execute();
    return new Set(rows.map((row) => row.id));
  };

export const peopleInDatabase: PeopleLookup = {
  existingPersons: existing("app_user"),
  existingDepartments: existing("department"),
};

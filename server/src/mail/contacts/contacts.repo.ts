import { type Generated } from "kysely";
import type { ContactDoc, MailSettingsDoc } from "@kontor/shared/mail";
import type { Database, Transaction } from "#kernel";

export type ContactBody = Omit<ContactDoc, "id" | "kind" | "updatedAt">;

export interface ContactRow {
  readonly id: string;
  readonly kind: ContactDoc["kind"];
  readonly owner_id: string;
  readonly contact: ContactBody;
  readonly updated_at: string;
}

export interface SettingsRow {
  /** The user's. */
  readonly id: string;
  readonly settings: Partial<Omit<MailSettingsDoc, "id">>;
}

type ContactTables = {
  contact: {
    id: string;
    kind: ContactDoc["kind"];
    owner_id: string;
    contact: ContactBody;
    emails: string[];
    rev: Generated<number>;
    updated_at: string;
  };
  mail_settings: { id: string; settings: SettingsRow["settings"]; rev: Generated<number> };
};

export const contactTables = (db: Database | Transaction) => db.withTables<ContactTables>();

const columns = ["id", "kind", "owner_id", "contact", "updated_at"] as const;

export async function findContacts(db: Database | Transaction, ids: readonly string[]): Promise<readonly ContactRow[]> {
  if (ids.length === 0) return [];
  return contactTables(db).selectFrom("contact").select(columns).where("id", "in", ids).execute();
}

export const scanContacts = (db: Database, after: string | undefined, limit: number): Promise<readonly ContactRow[]> =>
  contactTables(db)
    .selectFrom("contact")
    .select(columns)
    .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
    .orderBy("id")
    .limit(limit)
    .execute();

export const contactToDoc = ({ id, kind, contact, updated_at }: ContactRow): ContactDoc => ({
  id,
  kind,
  ...contact,
  updatedAt: updated_at,
});

/* ---------- settings ---------- */

const selectSettings = (db: Database | Transaction) =>
  contactTables(db).selectFrom("mail_settings").select(["id", "settings"]);

export async function findSettings(
  db: Database | Transaction,
  userIds: readonly string[],
): Promise<readonly SettingsRow[]> {
  if (userIds.length === 0) return [];
  return selectSettings(db).where("id", "in", userIds).execute();
}

export const scanSettings = (db: Database, after: string | undefined, limit: number): Promise<readonly SettingsRow[]> =>
  selectSettings(db)
    .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
    .orderBy("id")
    .limit(limit)
    .execute();

import { sql } from "kysely";
import { DomainError, type Clock } from "@kontor/shared/base";
import { recordAudit, type AuditActor, type AuditEntry, type Database, type Doorbell, type Transaction } from "#kernel";
import { explainConflict } from "./people.problems.ts";
import { ADMINISTRATORS, peopleTables } from "./people.tables.ts";

export interface OrganisationDeps {
  readonly db: Database;
  readonly doorbell: Pick<Doorbell, "ring">;
  readonly clock: Clock;
  /** Whether policies let this member of the administrators administer, as the transaction leaves them (POL-9). */
  mayAdminister?(trx: Transaction, userId: string): Promise<boolean>;
}

/** Absent and undefined both mean: leave it as it is. */
export type Change<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

export type Organisation = ReturnType<typeof createOrganisation>;

const ORGANISATION_LOCK = 0x70656f706c65; // "people" in ASCII

/** Until the transaction ends, nobody else changes people and their structure. */
export const lockOrganisation = async (trx: Transaction): Promise<void> => {
  await sql`select pg_advisory_xact_lock(${ORGANISATION_LOCK})`.execute(trx);
};

/** How people and their structure are written: one change at a time, each with its entry in the audit log. */
export function createOrganisation({ db, doorbell, clock, mayAdminister = async () => true }: OrganisationDeps) {
  async function write<T>(change: (trx: Transaction) => Promise<T>): Promise<T> {
    const result = await db
      .transaction()
      .execute(async (trx) => {
        // One change of the organisation at a time: "the last administrator" and "no cycle" are said of all rows
        // together, and two changes that each look right alone would break them, or wait for each other for ever.
        await lockOrganisation(trx);
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

  return { write, record };
}

/** Somebody who may administer, also by the policies, and can sign in. */
async function hasAdministrator(
  trx: Transaction,
  mayAdminister: NonNullable<OrganisationDeps["mayAdminister"]>,
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

import type { Clock } from "@kontor/shared/base";
import {
  recordAudit,
  type AuditActor,
  type AuditEntry,
  type Database,
  type Principal,
  type Transaction,
} from "#kernel";

/* What the audit log is told of people, their sessions, devices and tokens (POL-12). */

/** One transaction for the act and its entry, so that neither exists without the other. */
export const audited = <T>(
  { db, clock }: { readonly db: Database; readonly clock: Clock },
  act: (trx: Transaction) => Promise<{ readonly result: T; readonly entry?: AuditEntry }>,
): Promise<T> =>
  db.transaction().execute(async (trx) => {
    const { result, entry } = await act(trx);
    await recordAudit(trx, new Date(clock.now()).toISOString(), entry ? [entry] : []);
    return result;
  });

/** About a person; who did it is `by`, and absent when it was the server itself. */
export const entryAbout = (
  action: string,
  personId: string,
  by: AuditActor | undefined,
  details: NonNullable<AuditEntry["details"]>,
): AuditEntry => ({ action, outcome: "done", ...(by && { by }), object: { kind: "person", id: personId }, details });

export interface Named {
  readonly id: string;
  readonly login: string;
}

/** Where somebody comes from who is not known yet. */
export interface Whence {
  readonly ip: string;
  readonly channel?: Principal["channel"];
}

/** A name that nobody has is not kept: what is typed there by mistake is often the password. */
export const signInEntry = (
  action: string,
  outcome: AuditEntry["outcome"],
  user: Named | undefined,
  { ip, channel }: Whence,
): AuditEntry => ({
  action,
  outcome,
  by: { ...(user && { userId: user.id, login: user.login }), ...(channel && { channel }), ip },
  ...(!user && { details: { unknownName: true } }),
});

/** Names of what was given: what stands in it may be a password, and is nobody's business who reads the log. */
export const fieldsIn = (input: object): string[] =>
  Object.entries(input).flatMap(([key, value]) => (value === undefined ? [] : [key]));

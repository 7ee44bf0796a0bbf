import { DomainError, type Clock } from "@kontor/shared/base";
import { auditActor, recordAudit, type AuditLog, type Database, type Principal } from "#kernel";
import type { Ending } from "./ending.ts";
import type { Guesses } from "./guesses.ts";
import { checkNewPassword, checkPassword, hashPassword } from "./password.ts";
import { signInEntry } from "./people.audit.ts";
import { peopleTables } from "./people.tables.ts";

export interface PasswordChange {
  readonly current: string;
  readonly next: string;
}

/** Changes the caller's own password, with the old one; guesses at that are bounded as at the door. */
export function createPasswordChange({
  db,
  clock,
  audit,
  guesses,
  ending,
}: {
  readonly db: Database;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, "note">;
  readonly guesses: Guesses;
  readonly ending: Pick<Ending, "signOutWithin">;
}) {
  return async (principal: Principal, { current, next }: PasswordChange, ip: string): Promise<void> => {
    checkNewPassword(next);
    const { userId, sessionId } = principal;
    const user = await peopleTables(db)
      .selectFrom("app_user")
      .select(["id", "login", "password_hash"])
      .where("id", "=", userId)
      .executeTakeFirstOrThrow();
    const giveBack = await guesses.attempt(userId, { ip }, async () => user);
    if (!(await checkPassword(user.password_hash, current))) {
      await audit.note([signInEntry("people.passwordRefused", "failed", user, { ip })]);
      throw wrongPassword();
    }
    await giveBack();
    const passwordHash = await hashPassword(next);
    const by = auditActor(principal, ip);
    const tellEnded = await db.transaction().execute(async (trx) => {
      const now = new Date(clock.now()).toISOString();
      // Only over the password that was confirmed: whoever stole that one must not undo what an administrator has just set.
      const changed = await peopleTables(trx)
        .updateTable("app_user")
        .set({ password_hash: passwordHash, updated_at: now })
        .where("id", "=", userId)
        .where("password_hash", "=", user.password_hash)
        .returning("id")
        .executeTakeFirst();
      if (!changed) throw wrongPassword();
      await recordAudit(trx, now, [
        { action: "people.passwordChanged", outcome: "done", by, object: { kind: "person", id: userId } },
      ]);
      return await ending.signOutWithin(trx, userId, { by, ...(sessionId !== undefined && { except: sessionId }) });
    });
    tellEnded();
  };
}

function wrongPassword(): DomainError {
  const message = "The current password is wrong.";
  const reason = "password.wrong";
  return new DomainError("invalid", message, { reason, problems: [{ field: "current", reason, message }] });
}

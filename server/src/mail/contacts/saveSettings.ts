import { sql } from "kysely";
import { DomainError } from "@kontor/shared/base";
import { addressKey, type MailIntentArgs } from "@kontor/shared/mail";
import { recordChanges, type Actor, type IntentOutcome, type Transaction } from "#kernel";
import { jsonb } from "../messages/messages.repo.ts";
import { contactTables } from "./contacts.repo.ts";

/** A row that every replica of its user holds: a thousand senders are 40 kB. The oldest are forgotten, and are asked about again. */
const MAX_REMOTE_ALLOWED = 1_000;

/** One's own, key by key; senders are allowed and blocked one by one, so that two devices do not undo each other's. */
export async function saveSettings(
  trx: Transaction,
  { id, args }: { readonly id: string; readonly args: MailIntentArgs<"mail.settings"> },
  actor: Actor,
): Promise<IntentOutcome> {
  if (id !== actor.subject.id)
    throw new DomainError("notFound", "There are no such settings.", { reason: "settings.notFound" });
  const { allowRemote, blockRemote, ...given } = args;
  const known = await contactTables(trx)
    .insertInto("mail_settings")
    .values({ id, settings: jsonb({}) })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ rev: sql<number>`mail_settings.rev + 1` }))
    .returning("settings")
    .executeTakeFirstOrThrow();
  const senders = [allowRemote, blockRemote].flatMap((sender) => (sender === undefined ? [] : [addressKey(sender)]));
  const others = (known.settings.remoteAllowed ?? []).filter((sender) => !senders.includes(sender));
  const remoteAllowed = allowRemote === undefined ? others : [...others, addressKey(allowRemote)];
  const settings = {
    ...known.settings,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    remoteAllowed: remoteAllowed.slice(-MAX_REMOTE_ALLOWED),
  };
  await contactTables(trx)
    .updateTable("mail_settings")
    .set({ settings: jsonb(settings) })
    .where("id", "=", id)
    .execute();
  await recordChanges(trx, [{ collection: "mailSettings", id }]);
  return { status: "applied" };
}

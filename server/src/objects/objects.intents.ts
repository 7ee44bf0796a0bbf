import { recordIntentSchemas, type RecordIntentName } from "@kontor/shared/objects";
import { defineIntent, type Actor, type AnyIntent, type IntentOutcome, type Transaction } from "#kernel";
import type { z } from "zod";
import { createRecord } from "./createRecord.ts";
import { editRecord, resolveConflict } from "./editRecord.ts";
import { deleteRecord, restoreRecord, transitionRecord } from "./moveRecord.ts";
import type { RecordDeps } from "./record.write.ts";

/** The only ways in which records change, from the desktop and over REST alike. */
export function objectIntents(deps: RecordDeps): readonly AnyIntent[] {
  return [
    recordIntent("record.create", "create", createRecord, deps),
    recordIntent("record.edit", "edit", editRecord, deps),
    recordIntent("record.transition", "transition:*", transitionRecord, deps),
    recordIntent("record.delete", "delete", deleteRecord, deps),
    recordIntent("record.restore", "restore", restoreRecord, deps),
    recordIntent("record.resolve", "edit", resolveConflict, deps),
  ];
}

type Apply<Name extends RecordIntentName> = (
  trx: Transaction,
  intent: { readonly id: string; readonly args: z.output<(typeof recordIntentSchemas)[Name]> },
  actor: Actor,
  deps: RecordDeps,
) => Promise<IntentOutcome>;

/** `resource` is the record's own type: each act asks the engine for the instance it touches. */
const recordIntent = <Name extends RecordIntentName>(
  name: Name,
  action: string,
  apply: Apply<Name>,
  deps: RecordDeps,
): AnyIntent =>
  defineIntent({
    name,
    collection: "records",
    args: recordIntentSchemas[name] as unknown as z.ZodType<z.output<(typeof recordIntentSchemas)[Name]>>,
    access: { kind: "policy", resource: "*", action },
    apply: (trx, intent, actor) => apply(trx, intent, actor, deps),
  });

import type { z } from "zod";
import { mailIntentSchemas, type MailIntentArgs, type MailIntentName } from "@kontor/shared/mail";
import { defineIntent, type Actor, type AnyIntent, type IntentOutcome, type Transaction } from "#kernel";

type Apply<Name extends MailIntentName> = (
  trx: Transaction,
  intent: { readonly id: string; readonly args: MailIntentArgs<Name> },
  actor: Actor,
) => Promise<IntentOutcome>;

/** A change of mail; `access` is what it asks of the mailbox or the contact that it touches, by `apply`. */
export const mailIntent = <Name extends MailIntentName>(
  name: Name,
  {
    collection,
    resource = "mailbox",
    action,
    maxBytes,
  }: {
    readonly collection: string;
    readonly resource?: string;
    readonly action: string;
    readonly maxBytes?: number;
  },
  apply: Apply<Name>,
): AnyIntent =>
  defineIntent({
    name,
    collection,
    args: mailIntentSchemas[name] as unknown as z.ZodType<MailIntentArgs<Name>>,
    access: { kind: "policy", resource, action },
    ...(maxBytes !== undefined && { maxBytes }),
    apply: (trx, { id, args }, actor) => apply(trx, { id, args }, actor),
  });

import { mailIntentSchemas } from "@kontor/shared/mail";
import { defineIntent, type AnyIntent } from "#kernel";
import { mailIntent } from "../mail.intent.ts";
import { deleteContact, saveContact } from "./saveContact.ts";
import { saveSettings } from "./saveSettings.ts";

export const contactIntents: readonly AnyIntent[] = [
  mailIntent("contact.save", { collection: "contacts", resource: "contact", action: "edit" }, saveContact),
  mailIntent("contact.delete", { collection: "contacts", resource: "contact", action: "delete" }, deleteContact),
  defineIntent({
    name: "mail.settings",
    collection: "mailSettings",
    args: mailIntentSchemas["mail.settings"],
    access: { kind: "self", because: "settings are their user's own; the id must be the caller's" },
    apply: (trx, { id, args }, actor) => saveSettings(trx, { id, args }, actor),
  }),
];

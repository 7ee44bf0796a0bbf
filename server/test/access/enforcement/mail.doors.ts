import { newId, type JsonObject } from "@kontor/shared/base";
import { secrets, type GuardedOffice, type Target, type Who } from "./guardedOffice.ts";
import { aContact, aRule } from "./mailTarget.ts";

/** How each change of mail is pushed. */
export type IntentProbe = (
  target: Target,
  office: GuardedOffice,
) => Promise<{ readonly id: string; readonly args: JsonObject }>;

/** As the one who may do everything, to have something that is then changed. */
export async function pushed(office: GuardedOffice, name: string, id: string, args: JsonObject): Promise<string> {
  const who: Who = "everything";
  const intent = office.kontor.inventory.intents.find((each) => each.name === name);
  const result = await office.kontor.inventory.sync.applyIntent(
    {
      userId: office.userIds[who],
      login: who,
      name: who,
      isAdmin: false,
      channel: "desktop",
      scopes: ["read", "write"],
    },
    { mid: newId(), name, collection: intent?.collection ?? "", id, at: new Date().toISOString(), args },
  );
  if (result.status !== "applied") throw new Error(`${name}: ${result.message}`);
  return id;
}

const folder = ({ mail }: Target, office: GuardedOffice) =>
  pushed(office, "folder.create", newId(), { mailboxId: mail.mailboxId, name: newId() });

export const mailIntentProbes: Readonly<Record<string, IntentProbe>> = {
  "mail.update": async ({ mail }) => ({ id: mail.messageId, args: { flagged: true, folderId: mail.folders.archive } }),
  "mail.delete": async ({ mail }, office) => ({
    id: await pushed(office, "mail.update", mail.messageId, { folderId: mail.folders.trash }),
    args: {},
  }),
  "mail.regroup": async ({ mail }) => ({ id: mail.messageId, args: { threadId: newId() } }),
  "folder.create": async ({ mail }) => ({ id: newId(), args: { mailboxId: mail.mailboxId, name: newId() } }),
  "folder.rename": async (target, office) => ({ id: await folder(target, office), args: { name: newId() } }),
  "folder.move": async (target, office) => ({
    id: await folder(target, office),
    args: { parentId: await folder(target, office) },
  }),
  "folder.delete": async (target, office) => ({ id: await folder(target, office), args: {} }),
  "mail.link": async ({ mail, recordId }) => ({ id: newId(), args: { threadId: mail.threadId, recordId } }),
  "mail.unlink": async ({ mail, recordId }, office) => ({
    id: await pushed(office, "mail.link", newId(), { threadId: mail.threadId, recordId }),
    args: {},
  }),
  "rule.save": async ({ mail }) => ({
    id: newId(),
    args: { mailboxId: mail.mailboxId, rule: aRule(mail.folders.archive) },
  }),
  "rule.delete": async ({ mail }, office) => ({
    id: await pushed(office, "rule.save", newId(), { mailboxId: mail.mailboxId, rule: aRule(mail.folders.archive) }),
    args: {},
  }),
  "contact.save": async (_target, office) => ({
    id: await pushed(office, "contact.save", newId(), { contact: aContact(secrets.address) }),
    args: { contact: { ...aContact("overwritten"), name: newId() } },
  }),
  "contact.delete": async (_target, office) => ({
    id: await pushed(office, "contact.save", newId(), { contact: aContact("") }),
    args: {},
  }),
  "mail.settings": async (_target, { userIds }) => ({
    id: userIds.everything,
    args: { allowRemote: `${newId()}@elsewhere.example` },
  }),
};

import { createHash } from "node:crypto";
import { createAccessEngine, parsePolicies, type Policy, type Subject } from "@kontor/shared/access";
import { newId, type JsonObject } from "@kontor/shared/base";
import { mailIntentSchemas, type FolderRole, type MailIntentName } from "@kontor/shared/mail";
import type { TypeDefinition } from "@kontor/shared/objects";
import type { Actor, AnyIntent, Database, IntentOutcome, Transaction } from "#kernel";
import { createRecordAccess, createTypeRegistry, importRecord, resourceTypesOf, saveTypes } from "#objects";
import { office } from "../../packs/office/index.ts";
import { mailPolicies, mailResources } from "./mail.access.ts";
import { createMailboxes, type NewMailbox } from "./mailboxes/createMailbox.ts";
import { createProvisioning } from "./mailboxes/provision.ts";
import { mailboxTables } from "./mailboxes/mailboxes.repo.ts";
import { messageTables } from "./messages/messages.repo.ts";
import { placeMessage, type PlacedMessage, type Placement } from "./messages/placeMessage.ts";
import { storeContent } from "./messages/storeContent.ts";
import type { ParsedMessage } from "./mime/parsedMessage.ts";

/** A small office with mail for the tests of this feature: real policies of the pack, four people, one type with numbers. */
const label = (en: string) => ({ en, ru: en });

const deal: TypeDefinition = {
  name: "deal",
  label: label("Deal"),
  plural: label("Deals"),
  icon: "file-text",
  sections: [{ key: "main", label: label("Main") }],
  fields: {
    number: { kind: "autoNumber", label: label("Number"), pattern: "D-{year}-{n:4}" },
    subject: { kind: "text", label: label("Subject"), required: true, maxLength: 100 },
    responsible: { kind: "person", label: label("Responsible"), default: "me" },
  },
  titleField: "subject",
  ownerField: "responsible",
  list: { columns: ["subject"], summary: [], sort: { field: "subject", direction: "asc" }, filters: [] },
};

export const types = createTypeRegistry([deal]);
export const records = createRecordAccess({ types });
export const people = { ann: newId(), bob: newId(), eve: newId(), root: newId() };
export type Login = keyof typeof people;

const dealPolicies: readonly Policy[] = [
  {
    id: "deal-own",
    title: "t",
    effect: "allow",
    resource: "deal",
    actions: ["*"],
    when: { eq: ["obj.owner", "sub.id"] },
  },
];
const officeMail = office.policies.filter(({ resource }) => resource === "mailbox" || resource === "contact");

export function engineOf(policies: readonly Policy[]) {
  const resources = [...resourceTypesOf(types.all()), ...mailResources];
  const parsed = parsePolicies([...policies, ...mailPolicies, ...dealPolicies], resources);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return createAccessEngine({ policies: parsed.policies, resources, rev: "test" });
}
const engine = engineOf(officeMail);

let time = Date.parse("2026-03-02T10:00:00.000Z");

/** Each act is a second later than the one before. */
export function actor(login: Login, { policies }: { readonly policies?: readonly Policy[] } = {}): Actor {
  time += 1_000;
  const now = new Date(time).toISOString();
  const isAdmin = login === "root";
  const subject: Subject = {
    id: people[login],
    login,
    groups: isAdmin ? ["administrators"] : [],
    department: null,
    departments: [],
    subtree: [],
    positions: [],
    managers: [],
    isAdmin,
    attributes: {},
  };
  const principal = {
    userId: subject.id,
    login,
    name: login,
    isAdmin,
    channel: "desktop",
    scopes: ["read", "write"],
  } as const;
  return {
    principal,
    subject,
    context: { time: now, channel: "desktop" },
    engine: policies ? engineOf(policies) : engine,
    now,
  };
}

export const officeMailPolicies = officeMail;

/** People with their own mailboxes at kontor.example. */
export async function seedMail(db: Database): Promise<void> {
  await saveTypes(db, types);
  const rows = Object.entries(people).map(([login, id]) => ({ id, login, name: login }));
  await db
    .withTables<{ app_user: { id: string; login: string; name: string } }>()
    .insertInto("app_user")
    .values(rows)
    .execute();
  const provisioning = createProvisioning({ domains: ["kontor.example"] });
  await db.transaction().execute(async (trx) => {
    await provisioning.ensureDomains(trx, "kontor.example");
    await provisioning.ensureMailboxes(trx);
  });
}

export async function makeMailbox(
  db: Database,
  mailbox: Partial<NewMailbox> & Pick<NewMailbox, "kind">,
): Promise<string> {
  const id = newId();
  const address = `${id.slice(-12)}@${mailbox.kind === "external" ? "elsewhere.example" : "kontor.example"}`;
  await db.transaction().execute((trx) => createMailboxes(trx, [{ id, name: "A mailbox", address, ...mailbox }]));
  return id;
}

export async function mailboxOf(db: Database, login: Login): Promise<string> {
  const { id } = await mailboxTables(db)
    .selectFrom("mailbox")
    .select("id")
    .where("owner_id", "=", people[login])
    .where("kind", "=", "personal")
    .executeTakeFirstOrThrow();
  return id;
}

export async function folderOf(db: Database, mailboxId: string, role: FolderRole): Promise<string> {
  const { id } = await messageTables(db)
    .selectFrom("mail_folder")
    .select("id")
    .where("mailbox_id", "=", mailboxId)
    .where("role", "=", role)
    .executeTakeFirstOrThrow();
  return id;
}

let made = 0;

export function parsedMessage(over: Partial<ParsedMessage> = {}): ParsedMessage {
  made++;
  return {
    messageId: `m${made}@elsewhere.example`,
    inReplyTo: [],
    refs: [],
    subject: `Subject ${made}`,
    people: {
      from: [{ address: "olga@elsewhere.example", name: "Olga" }],
      to: [{ address: "ann@kontor.example" }],
      cc: [],
    },
    sentAt: "2026-03-01T10:00:00.000Z",
    snippet: "",
    text: "Some text",
    html: undefined,
    isCut: false,
    hasRemote: false,
    attachments: [],
    extras: {},
    oddities: [],
    ...over,
  };
}

/** Without files: what they are made of is the files' own business. */
export const storeParsed = (trx: Transaction, parsed: ParsedMessage): Promise<string> => {
  const raw = createHash("sha256").update(JSON.stringify(parsed)).digest("hex");
  return storeContent(
    trx,
    { keepFiles: async () => undefined },
    {
      parsed,
      raw: { sha256: raw, size: 1_000 },
      authenticity: { internal: false, warnings: [] },
      receivedAt: new Date(time).toISOString(),
      bodies: parsed.attachments.map(({ bytes }) => ({
        sha256: createHash("sha256").update(bytes).digest("hex"),
        size: bytes.length,
      })),
    },
  );
};

/** A message that came in. */
export async function receive(
  db: Database,
  mailboxId: string,
  over: Partial<ParsedMessage> = {},
  placement: Partial<Placement> = {},
): Promise<PlacedMessage> {
  return db.transaction().execute(async (trx) =>
    placeMessage(trx, {
      mailboxId,
      folder: { role: "inbox" },
      contentId: await storeParsed(trx, parsedMessage(over)),
      receivedAt: new Date(time).toISOString(),
      ...placement,
    }),
  );
}

export async function createDeal(
  db: Database,
  owner: Login,
  subject = "Paper",
): Promise<{ id: string; number: string }> {
  const id = newId();
  await db.transaction().execute((trx) =>
    importRecord(
      trx,
      {
        id,
        type: "deal",
        createdAt: "2026-01-01T00:00:00.000Z",
        createdBy: people[owner],
        fields: { subject, responsible: people[owner] },
        steps: [],
      },
      { types, timeZone: "UTC" },
    ),
  );
  const row = await db
    .withTables<{ record: { id: string; fields: JsonObject } }>()
    .selectFrom("record")
    .select("fields")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  return { id, number: String(row.fields["number"]) };
}

/** One intent in a transaction of its own, as the gateway applies it. */
export const applier =
  (intents: readonly AnyIntent[]) =>
  async (db: Database, who: Actor, name: MailIntentName, id: string, args: JsonObject): Promise<IntentOutcome> => {
    const intent = intents.find((each) => each.name === name);
    if (!intent) throw new Error(`no intent ${name}`);
    const parsed = mailIntentSchemas[name].parse(args);
    return db.transaction().execute((trx) => intent.apply(trx, { id, mid: newId(), at: who.now, args: parsed }, who));
  };

/** What was told to replicas since `from` (a position of the log), as `collection id`. */
export async function changesSince(db: Database, from: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("change_log")
    .select(["collection", "row_id"])
    .where("id", ">", String(from))
    .orderBy("id")
    .execute();
  return rows.map(({ collection, row_id }) => `${collection} ${row_id}`);
}

export async function logEnd(db: Database): Promise<number> {
  const row = await db
    .selectFrom("change_log")
    .select((e) => e.fn.max("id").as("last"))
    .executeTakeFirst();
  return Number(row?.last ?? 0);
}

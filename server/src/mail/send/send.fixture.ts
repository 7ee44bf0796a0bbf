import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createAccessEngine, parsePolicies, type Context, type Subject } from "@kontor/shared/access";
import { newId, type JsonObject } from "@kontor/shared/base";
import type { BodyDoc, Draft, MailIntentName, MessageDoc } from "@kontor/shared/mail";
import {
  createFilePlaces,
  createFileRows,
  createRecordPlace,
  keepFiles,
  noteBlob,
  signTicket,
  type BlobStore,
  type FileRows,
  type NewFile,
} from "#files";
import type { Actor, Database, IntentOutcome, Transaction } from "#kernel";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { mailPolicies as officePolicies } from "../../../packs/office/policies/mail.ts";
import { createDiskBlobs } from "../../adapters/disk/disk.blobs.ts";
import { createRecordAccess } from "../../objects/record.port.ts";
import { departments, people, seedPeople, types as objectTypes } from "../../objects/objects.fixture.ts";
import { objectTypeResource, resourceTypesOf } from "../../objects/resource.ts";
import { createTypeRegistry, saveTypes } from "../../objects/typeRegistry.ts";
import { mailPolicies, mailResources } from "../mail.access.ts";
import { createMailboxes } from "../mailboxes/createMailbox.ts";
import { mailboxTables } from "../mailboxes/mailboxes.repo.ts";
import { findBodies, findMessages, messageTables } from "../messages/messages.repo.ts";
import { bodyToDoc, messageToDoc } from "../messages/projectMessage.ts";
import { forwardMessage } from "../rules/forwardMessage.ts";
import { attachmentPlace } from "./attachment.place.ts";
import type { DispatchDeps } from "./dispatchMessage.ts";
import { sendIntents } from "./send.intents.ts";

/**
 * A house with mail: four people with a mailbox each, a shared one, a group, and an account elsewhere. Ann sends from the shared
 * mailbox, Bob sorts it, Eve reads it; Boss is nobody there.
 */
export type Login = keyof typeof people;
export { people } from "../../objects/objects.fixture.ts";

export const mailboxes = {
  ann: newId(),
  bob: newId(),
  eve: newId(),
  boss: newId(),
  sales: newId(),
  elsewhere: newId(),
};
export type MailboxName = keyof typeof mailboxes;

/** With files in a section that is sensitive. */
const types = createTypeRegistry(
  objectTypes.all().map((type) => {
    const slips = { kind: "files", label: { en: "Slips", ru: "Slips" }, section: "pay" } as const;
    return type.name === "deal" ? { ...type, fields: { ...type.fields, slips } } : type;
  }),
);

/** Deals are everybody's, but their section "pay" is Boss's. */
const policies = [
  ...officePolicies,
  { id: "deals", title: "t", effect: "allow", resource: "deal", sections: ["main"], actions: ["*"] },
  {
    id: "pay",
    title: "t",
    effect: "allow",
    resource: "deal",
    actions: ["*"],
    when: { eq: ["sub.id", people.boss] },
  },
];

export const engine = (() => {
  const resources = [...mailResources, ...resourceTypesOf(types.all()), objectTypeResource];
  const parsed = parsePolicies(policies, resources);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return createAccessEngine({ policies: [...mailPolicies, ...parsed.policies], resources, rev: "test" });
})();

export const subjectOf = (login: Login): Subject => subjectWithId(people[login]);

/** People of the database have new ids in each process; policies of mail ask for the id. */
const subjectWithId = (id: string): Subject => ({
  id,
  login: id,
  groups: [],
  department: departments.sales,
  departments: [departments.sales],
  subtree: [departments.sales],
  positions: [],
  managers: [],
  isAdmin: false,
  attributes: {},
});

export interface MailHouse {
  readonly test: TestDatabase;
  readonly places: ReturnType<typeof createFilePlaces>;
  readonly rows: ReturnType<typeof createFileRows>;
  /** The server's clock, which only the test moves. */
  readonly clock: { now(): number; moveTo(at: string): void; pass(ms: number): void };
  actor(login: Login, deviceId?: string): Actor;
  apply(who: Actor, name: string, id: string, args: JsonObject): Promise<IntentOutcome>;
  message(id: string): Promise<MessageDoc | undefined>;
  body(id: string): Promise<BodyDoc | undefined>;
  messagesIn(mailbox: MailboxName): Promise<readonly MessageDoc[]>;
  folderRole(message: MessageDoc | undefined): Promise<string | undefined>;
  /** As if the body of an announced file had arrived; without one only its row says so. */
  store(fileId: string, body?: Buffer): Promise<void>;
  keepFiles(trx: Transaction, files: readonly NewFile[]): Promise<unknown>;
  readonly blobs: BlobStore;
  readonly blobRoot: string;
  /** What sends, with parts that the test replaces. */
  dispatch(over?: Partial<DispatchDeps>): DispatchDeps;
  close(): Promise<void>;
}

export const draftOf = (login: MailboxName, draft: Partial<Draft> = {}): Draft => ({
  from: { address: login === "elsewhere" ? "ann@provider.example" : `${login}@house.example` },
  to: [],
  cc: [],
  bcc: [],
  subject: "",
  html: "",
  cards: [],
  origin: { kind: "new" },
  ...draft,
});

export async function openMailHouse(): Promise<MailHouse> {
  const test = await createTestDatabase();
  const { db } = test;
  await seedPeople(db);
  await saveTypes(db, types);
  await db.transaction().execute(seedMailboxes);
  const { places, rows } = createPlaces();
  const root = await mkdtemp(join(tmpdir(), "kontor-send-"));
  const blobs = await createDiskBlobs({ root });
  const keep = (trx: Transaction, files: readonly NewFile[]) =>
    keepFiles(trx, { rows, onStored: async () => undefined }, files);
  const intents = new Map(
    sendIntents({ places, rows, maxBytes: 4 * 1024 ** 3, keepFiles: keep }).map((intent) => [intent.name, intent]),
  );
  let time = Date.parse("2026-03-02T10:00:00.000Z");

  function actor(login: Login, deviceId?: string): Actor {
    const now = new Date(time).toISOString();
    const context: Context = { time: now, channel: "desktop" };
    const principal = {
      userId: people[login],
      login,
      name: login,
      isAdmin: false,
      channel: "desktop",
      scopes: ["read", "write"],
      ...(deviceId !== undefined && { deviceId }),
    } as const;
    return { principal, subject: subjectOf(login), context, engine, now };
  }

  async function message(id: string) {
    const [row] = await findMessages(db, [id]);
    return row && messageToDoc(row);
  }

  return {
    test,
    places,
    rows,
    clock: {
      now: () => time,
      moveTo: (at) => void (time = Date.parse(at)),
      pass: (ms) => void (time += ms),
    },
    actor,
    async apply(who, name, id, args) {
      const intent = intents.get(name);
      if (!intent) throw new Error(`no intent ${name}`);
      const parsed = intent.args.parse(args);
      return await db
        .transaction()
        .execute((trx) => intent.apply(trx, { id, mid: newId(), at: who.now, args: parsed }, who));
    },
    message,
    async body(id) {
      const [row] = await findBodies(db, [id]);
      return row && bodyToDoc(row);
    },
    async messagesIn(name) {
      const ids = await messageTables(db)
        .selectFrom("mail_message")
        .select("id")
        .where("mailbox_id", "=", mailboxes[name])
        .orderBy("received_at")
        .orderBy("id")
        .execute();
      const rowsById = new Map(
        (
          await findMessages(
            db,
            ids.map(({ id }) => id),
          )
        ).map((row) => [row.id, row]),
      );
      return ids.flatMap(({ id }) => {
        const row = rowsById.get(id);
        return row ? [messageToDoc(row)] : [];
      });
    },
    async folderRole(found) {
      if (!found) return undefined;
      const folder = await messageTables(db)
        .selectFrom("mail_folder")
        .select("role")
        .where("id", "=", found.folderId)
        .executeTakeFirst();
      return folder?.role ?? undefined;
    },
    async store(fileId, body) {
      if (body) await blobs.put(Readable.from([body]));
      await db.transaction().execute(async (trx) => {
        const [file] = await rows.update(trx, { ids: [fileId] }, { state: "stored" });
        if (file) await noteBlob(trx, file);
      });
    },
    keepFiles: keep,
    blobs,
    blobRoot: root,
    dispatch: (over) => ({ ...dispatchDeps({ db, blobs, rows, now: () => time }), ...over }),
    async close() {
      await test.drop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** What sends, on this database and these bodies: also in a process of its own. */
export function dispatchDeps({
  db,
  blobs,
  rows,
  now,
}: {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly rows: FileRows;
  readonly now: () => number;
}): DispatchDeps {
  return {
    db,
    blobs,
    clock: { now },
    log: silentLog,
    engine: () => engine,
    loadSubject: async (id) => subjectWithId(id),
    types,
    records: createRecordAccess({ types }),
    // What stands on the paper, for a look: LibreOffice makes one of it in test/mail/cardPaper.test.ts.
    toPdf: async ({ bytes }) => Buffer.from(bytes),
    forward: forwardMessage,
    keepFiles: (trx, files) => keepFiles(trx, { rows, onStored: async () => undefined }, files),
    publicUrl: "https://office.example",
    sharedPath: ({ fileId, messageId, expires }) =>
      `/f/${signTicket({ file: fileId, part: "content", share: messageId, expires }, signingKey)}`,
    changed: () => undefined,
  };
}

export function createPlaces() {
  const places = createFilePlaces([createRecordPlace({ parent: createRecordAccess({ types }) }), attachmentPlace]);
  return { places, rows: createFileRows({ places }) };
}

export const signingKey = Buffer.alloc(32, 7);

async function seedMailboxes(trx: Transaction): Promise<void> {
  await mailboxTables(trx).insertInto("mail_domain").values({ name: "house.example" }).execute();
  const personal = (["ann", "bob", "eve", "boss"] as const).map((login) => ({
    id: mailboxes[login],
    kind: "personal" as const,
    name: login,
    address: `${login}@house.example`,
    ownerId: people[login],
    ...(login === "ann" && { aliases: ["anna.kovacs@house.example"] }),
  }));
  await createMailboxes(trx, [
    ...personal,
    {
      id: mailboxes.sales,
      kind: "shared",
      name: "Sales",
      address: "sales@house.example",
      members: [
        { userId: people.ann, role: "sender" },
        { userId: people.bob, role: "editor" },
        { userId: people.eve, role: "reader" },
      ],
    },
    {
      id: mailboxes.elsewhere,
      kind: "external",
      name: "Ann elsewhere",
      address: "ann@provider.example",
      ownerId: people.ann,
    },
  ]);
  const group = newId();
  await mailboxTables(trx)
    .insertInto("mail_group")
    .values({ id: group, name: "All", address: "all@house.example", user_group_id: null })
    .execute();
  await mailboxTables(trx)
    .insertInto("mail_address")
    .values({ address: "all@house.example", mailbox_id: null, group_id: group })
    .execute();
  await mailboxTables(trx)
    .insertInto("mail_group_member")
    .values((["ann", "bob", "eve"] as const).map((login) => ({ group_id: group, mailbox_id: mailboxes[login] })))
    .execute();
}

/* ---------- writing ---------- */

export const phone = newId();
const laptop = newId();

export const sha256 = "a".repeat(64);
/** An attachment as it is announced. */
export const paper = { name: "offer.pdf", size: 10, sha256, mime: "application/pdf" };

/** What people of the house do with their drafts; from a laptop, where nothing else is said. */
export function writesIn(house: () => MailHouse) {
  return {
    async save(
      id: string,
      draft: Parameters<typeof draftOf>[1],
      { base = 0, login = "ann" as Login, mailbox = login as MailboxName, device = laptop } = {},
    ) {
      const args = { mailboxId: mailboxes[mailbox], draft: draftOf(mailbox, draft), base };
      return await house().apply(
        house().actor(login, device === "none" ? undefined : device),
        "mail.saveDraft",
        id,
        JSON.parse(JSON.stringify(args)) as never,
      );
    },
    act: (name: MailIntentName, id: string, args: object, login: Login = "ann") =>
      house().apply(house().actor(login, laptop), name, id, args as never),
  };
}

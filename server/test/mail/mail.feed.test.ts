import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId, systemClock, type JsonObject } from "@kontor/shared/base";
import { objectCollections } from "#objects";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { contactIntents } from "../../src/mail/contacts/contacts.intents.ts";
import {
  actor,
  applier,
  createDeal,
  makeMailbox,
  mailboxOf,
  people,
  receive,
  records,
  seedMail,
  types,
  type Login,
} from "../../src/mail/mail.fixture.ts";
import { mailCollections } from "../../src/mail/mail.access.ts";
import { createMailboxService } from "../../src/mail/mailboxes/mailboxes.service.ts";
import { messageIntents } from "../../src/mail/messages/messages.intents.ts";
import { ruleIntents } from "../../src/mail/rules/rules.intents.ts";
import { createProfiles } from "../../src/sync/profile.ts";
import { createProjector } from "../../src/sync/projection.ts";

/** What replicas of different people hold of the same mail: the real profiles, on the real policies of the pack. */
const apply = applier([...messageIntents({ records }), ...ruleIntents({ records }), ...contactIntents]);
const projector = createProjector([...objectCollections({ types }), ...mailCollections]);
const loginOf = (userId: string) => (Object.keys(people) as Login[]).find((login) => people[login] === userId);
let test: TestDatabase;
let profiles: ReturnType<typeof createProfiles>;
let service: ReturnType<typeof createMailboxService>;

beforeAll(async () => {
  test = await createTestDatabase();
  await seedMail(test.db);
  service = createMailboxService({ db: test.db, doorbell: { ring: () => undefined }, clock: systemClock });
  profiles = createProfiles({
    db: test.db,
    projector,
    access: () => actor("ann").engine,
    loadSubject: async (userId) => actor(loginOf(userId) ?? "eve").subject,
    schemaRev: "test",
    clock: systemClock,
    log: silentLog,
  });
});
afterAll(() => test.drop());

const seatOf = (login: Login) => ({ userId: people[login], context: { channel: "desktop" as const } });

/** Brings somebody's profile up to date, and reads what a replica of it holds. */
async function heldBy(login: Login): Promise<ReadonlyMap<string, readonly JsonObject[]>> {
  const seat = seatOf(login);
  for (;;) {
    const state = await profiles.advance(seat);
    if (!state) throw new Error(`nobody is called ${login}`);
    if (state.lossesDue) await profiles.takeAway(seat);
    else if (state.pending) await profiles.fill(seat);
    else if (!state.more) break;
  }
  const { rows } = await sql<{ collection: string; id: string }>`
    select collection, row_id as id from view_row join view_profile on view_profile.id = view_row.profile_id
    where user_id = ${people[login]} and not lost`.execute(test.db);
  const viewer = await profiles.viewerOf(seat);
  if (!viewer) throw new Error(`nobody is called ${login}`);
  const held = new Map<string, readonly JsonObject[]>();
  for (const [collection, ids] of Map.groupBy(rows, (row) => row.collection)) {
    const projections = await projector.projectIds(
      test.db,
      viewer,
      collection,
      ids.map(({ id }) => id),
    );
    held.set(
      collection,
      projections.flatMap(({ view }) => (view ? [view.doc] : [])),
    );
  }
  return held;
}

const docs = async (login: Login, collection: string) => (await heldBy(login)).get(collection) ?? [];
const doc = async (login: Login, collection: string, id: string) =>
  (await docs(login, collection)).find((each) => each["id"] === id);
const setMembers = (mailboxId: string, members: Parameters<typeof service.setMembers>[2]) =>
  test.db.transaction().execute((trx) => service.setMembers(trx, mailboxId, members, {}));

describe("a replica", () => {
  it("[VIS-1] holds one's own mail and nobody else's", async () => {
    const { id } = await receive(test.db, await mailboxOf(test.db, "ann"), {
      subject: "For Ann",
      text: "Only for Ann",
    });
    expect(await doc("ann", "messages", id)).toMatchObject({ subject: "For Ann" });
    expect(await doc("ann", "mailBodies", id)).toMatchObject({ text: "Only for Ann" });
    expect((await docs("ann", "mailFolders")).length).toBe(7);
    for (const login of ["bob", "eve", "root"] as const) {
      const held = await heldBy(login);
      expect(held.get("mailboxes")?.map((each) => each["ownerId"])).toEqual([people[login]]);
      expect(JSON.stringify([...held])).not.toContain("For Ann");
      expect(JSON.stringify([...held])).not.toContain("Only for Ann");
    }
  });

  it("[VIS-4] gains a shared mailbox with everything in it, and loses all of it with the membership", async () => {
    const mailboxId = await makeMailbox(test.db, {
      kind: "shared",
      members: [{ userId: people.ann, role: "manager" }],
    });
    const { id } = await receive(test.db, mailboxId, { text: "shared words" });
    expect(await doc("bob", "messages", id)).toBeUndefined();
    await setMembers(mailboxId, [
      { userId: people.ann, role: "manager" },
      { userId: people.bob, role: "reader" },
    ]);
    expect(await doc("bob", "mailboxes", mailboxId)).toMatchObject({ can: ["read"] });
    expect(await doc("bob", "messages", id)).toBeDefined();
    expect(await doc("bob", "mailBodies", id)).toMatchObject({ text: "shared words" });
    await setMembers(mailboxId, [{ userId: people.ann, role: "manager" }]);
    const held = JSON.stringify([...(await heldBy("bob"))]);
    expect(held).not.toContain(mailboxId);
    expect(held).not.toContain(id);
    const { rows } = await sql`
      select from view_row join view_profile on view_profile.id = view_row.profile_id
      where user_id = ${people.bob} and row_id = ${id} and not lost`.execute(test.db);
    expect(rows).toEqual([]);
  });

  it("[VIS-5] holds rules exactly while its user may change them", async () => {
    const mailboxId = await makeMailbox(test.db, {
      kind: "shared",
      members: [{ userId: people.ann, role: "manager" }],
    });
    const ruleId = newId();
    const rule = {
      name: "r",
      enabled: true,
      position: 0,
      match: "all",
      conditions: [],
      actions: [{ do: "flag" }],
      stop: false,
    };
    await apply(test.db, actor("ann"), "rule.save", ruleId, { mailboxId, rule });
    const asBob = async (role: "reader" | "editor") => {
      await setMembers(mailboxId, [
        { userId: people.ann, role: "manager" },
        { userId: people.bob, role },
      ]);
      return (await doc("bob", "mailRules", ruleId)) !== undefined;
    };
    expect([await asBob("reader"), await asBob("editor"), await asBob("reader")]).toEqual([false, true, false]);
  });

  it("knows that an administrator manages a mailbox, and shows them no word of it", async () => {
    const mailboxId = await makeMailbox(test.db, {
      kind: "shared",
      members: [{ userId: people.ann, role: "manager" }],
    });
    await receive(test.db, mailboxId, { subject: "Not for root", text: "nor this" });
    expect(await doc("root", "mailboxes", mailboxId)).toMatchObject({ can: ["manage"] });
    const held = await heldBy("root");
    expect(held.get("mailFolders")?.some((each) => each["mailboxId"] === mailboxId)).toBe(false);
    expect(JSON.stringify([...held])).not.toMatch(/Not for root|nor this/);
  });

  it("shows blind copies and deliveries to nobody but the sender", async () => {
    const bcc = [{ address: "hidden@elsewhere.example" }];
    const send = { state: "sent", at: "2026-03-02T10:00:00.000Z", by: people.ann } as const;
    const { id } = await receive(test.db, await mailboxOf(test.db, "ann"), {}, { folder: { role: "sent" }, send, bcc });
    const { rows } = await sql<{ content_id: string }>`select content_id from mail_message where id = ${id}`.execute(
      test.db,
    );
    const copy = newId();
    await receive(test.db, await mailboxOf(test.db, "bob"), {}, { id: copy, contentId: rows[0]?.content_id ?? "" });
    expect(await doc("ann", "messages", id)).toMatchObject({ bcc, send: { state: "sent" } });
    const seen = await doc("bob", "messages", copy);
    expect(seen).toBeDefined();
    expect(seen).not.toHaveProperty("bcc");
    expect(seen).not.toHaveProperty("send");
    expect(JSON.stringify([...(await heldBy("bob"))])).not.toContain("hidden@elsewhere.example");
  });
});

describe("links of mail and records", () => {
  it("[VIS-2] are whole for whoever sees both sides, and tell nobody else what lies on the other", async () => {
    const mailboxId = await makeMailbox(test.db, {
      kind: "shared",
      members: [
        { userId: people.ann, role: "editor" },
        { userId: people.bob, role: "reader" },
      ],
    });
    const { threadId } = await receive(test.db, mailboxId);
    const { id: recordId } = await createDeal(test.db, "ann");
    const link = newId();
    await apply(test.db, actor("ann"), "mail.link", link, { threadId, recordId });

    expect(await doc("ann", "mailLinks", link)).toMatchObject({ threadId, how: "hand" });
    expect(await doc("ann", "mailLinkRecords", link)).toEqual({ id: link, recordId });
    // Bob reads the mailbox and not the record.
    expect(await doc("bob", "mailLinks", link)).toMatchObject({ threadId });
    expect(JSON.stringify([...(await heldBy("bob"))])).not.toContain(recordId);
    // Whoever has the record and not the mailbox: here after it became Eve's.
    await sql`update record set owner = ${people.eve}, fields = fields || ${JSON.stringify({ responsible: people.eve })}::jsonb
      where id = ${recordId}`.execute(test.db);
    await test.db.insertInto("change_log").values({ collection: "records", row_id: recordId }).execute();
    expect(await doc("eve", "mailLinkRecords", link)).toEqual({ id: link, recordId });
    const held = JSON.stringify([...(await heldBy("eve"))]);
    expect(held).not.toContain(threadId);
    expect(held).not.toContain(mailboxId);
    // And Ann, who lost the record, keeps her side alone.
    expect(await doc("ann", "mailLinkRecords", link)).toBeUndefined();
    expect(await doc("ann", "mailLinks", link)).toBeDefined();
    expect(JSON.stringify([...(await heldBy("ann"))])).not.toContain(recordId);
  });
});

describe("contacts and settings", () => {
  it("[VIS-1] are one's own, and those shared with everybody", async () => {
    const [own, shared] = [newId(), newId()];
    const contact = { name: "Olga", emails: [{ address: "olga@private.example" }], phones: [] };
    await apply(test.db, actor("ann"), "contact.save", own, { contact: { kind: "personal", ...contact } });
    await apply(test.db, actor("ann"), "contact.save", shared, {
      contact: { kind: "shared", ...contact, name: "Office" },
    });
    await apply(test.db, actor("ann"), "mail.settings", people.ann, { allowRemote: "news@secret.example" });
    expect((await docs("ann", "contacts")).map(({ id }) => id).toSorted()).toEqual([own, shared].toSorted());
    expect(await docs("ann", "mailSettings")).toMatchObject([
      { id: people.ann, remoteAllowed: ["news@secret.example"] },
    ]);
    for (const login of ["bob", "root"] as const) {
      expect((await docs(login, "contacts")).map(({ id }) => id)).toEqual([shared]);
      expect(await docs(login, "mailSettings")).toEqual([]);
    }
    // Taken back from everybody.
    await apply(test.db, actor("ann"), "contact.save", shared, { contact: { kind: "personal", ...contact } });
    expect(await docs("bob", "contacts")).toEqual([]);
  });
});

describe("a large mailbox", () => {
  it("is gained and lost whole, by its thousands, with every text", async () => {
    const mailboxId = await makeMailbox(test.db, {
      kind: "shared",
      members: [{ userId: people.ann, role: "manager" }],
    });
    const { id } = await receive(test.db, mailboxId);
    // 1,299 more copies of that message: what counts here is how many there are.
    await sql`
      insert into mail_message (id, mailbox_id, folder_id, content_id, thread_id, received_at)
      select gen_random_uuid(), mailbox_id, folder_id, content_id, thread_id, received_at
      from mail_message, generate_series(1, 1299) where id = ${id}`.execute(test.db);
    await setMembers(mailboxId, [
      { userId: people.ann, role: "manager" },
      { userId: people.eve, role: "reader" },
    ]);
    const held = await heldBy("eve");
    const count = (collection: string) =>
      (held.get(collection) ?? []).filter((each) => each["mailboxId"] === mailboxId).length;
    expect([count("messages"), count("mailBodies")]).toEqual([1_300, 1_300]);
    await setMembers(mailboxId, [{ userId: people.ann, role: "manager" }]);
    expect(JSON.stringify([...(await heldBy("eve"))])).not.toContain(mailboxId);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId, type JsonObject } from "@kontor/shared/base";
import type { Policy } from "@kontor/shared/access";
import { createTestDatabase, type TestDatabase } from "#testing";
import { actor, applier, mailboxOf, makeMailbox, people, receive, seedMail } from "../mail.fixture.ts";
import { contactIntents } from "./contacts.intents.ts";
import { projectContact } from "./contacts.collections.ts";
import { findContacts, findSettings } from "./contacts.repo.ts";
import { importContacts } from "./importContacts.ts";
import { accessToContact } from "./saveContact.ts";
import { suggestAddresses } from "./suggestAddresses.ts";
import { writeVCards } from "./vcard.ts";

const apply = applier(contactIntents);
let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedMail(test.db);
});
afterAll(() => test.drop());

const olga: JsonObject = {
  kind: "personal",
  name: "Olga",
  organisation: "Partner",
  emails: [{ address: "Olga@partner.example", label: "work" }],
  phones: [{ number: "+49 30 1" }],
  note: "Call after three",
};
const save = (who: Parameters<typeof actor>[0], id: string, contact: JsonObject) =>
  apply(test.db, actor(who), "contact.save", id, { contact });
const rowOf = async (id: string) => (await findContacts(test.db, [id]))[0];

describe("contacts", () => {
  it("are made by their owner, written anew, and deleted", async () => {
    const id = newId();
    await save("ann", id, olga);
    expect(await rowOf(id)).toMatchObject({
      kind: "personal",
      owner_id: people.ann,
      contact: { note: "Call after three" },
    });
    const { note: _note, ...without } = olga;
    await save("ann", id, { ...without, name: "Olga K." });
    const row = await rowOf(id);
    expect(row?.contact).toMatchObject({ name: "Olga K.", organisation: "Partner" });
    expect(row?.contact).not.toHaveProperty("note");
    await apply(test.db, actor("ann"), "contact.delete", id, {});
    expect(await rowOf(id)).toBeUndefined();
  });

  it("of others are not there, to read, change or delete", async () => {
    const id = newId();
    await save("ann", id, olga);
    for (const who of ["bob", "root"] as const) {
      await expect(save(who, id, olga)).rejects.toMatchObject({ code: "notFound" });
      await expect(apply(test.db, actor(who), "contact.delete", id, {})).rejects.toMatchObject({ code: "notFound" });
    }
  });

  it("that are shared are everybody's to read, and nobody else's to change, to take or to show", async () => {
    const id = newId();
    await save("ann", id, { ...olga, kind: "shared" });
    await expect(save("bob", id, { ...olga, kind: "shared" })).rejects.toMatchObject({ code: "forbidden" });
    const office = () => {
      const bob = actor("bob");
      return { ...bob, subject: { ...bob.subject, groups: ["office"] } };
    };
    await apply(test.db, office(), "contact.save", id, { contact: { ...olga, kind: "shared", name: "Olga, office" } });
    expect((await rowOf(id))?.contact.name).toBe("Olga, office");
    await expect(apply(test.db, office(), "contact.save", id, { contact: olga })).rejects.toMatchObject({
      code: "forbidden",
    });
    await save("ann", id, olga);
    expect(await rowOf(id)).toMatchObject({ kind: "personal", owner_id: people.ann });
  });

  it("[POL-7] keep what their writer does not see", async () => {
    const id = newId();
    await save("ann", id, olga);
    const withoutNotes: Policy = {
      id: "no-notes",
      title: "t",
      effect: "allow",
      resource: "contact",
      actions: ["*"],
      sections: ["main"],
    };
    const eve = () => actor("eve", { policies: [withoutNotes] });
    const { phones: _phones, organisation: _organisation, ...rest } = olga;
    await apply(test.db, eve(), "contact.save", id, { contact: { ...rest, phones: [], note: "overwritten" } });
    const row = await rowOf(id);
    expect(row?.contact).toMatchObject({ note: "Call after three", phones: [] });
    expect(row?.contact).not.toHaveProperty("organisation");
    expect(row && projectContact(row, accessToContact(eve(), row))).not.toHaveProperty("note");
  });
});

describe("address books", () => {
  it("are read from vCards, and a second time nothing is made twice", async () => {
    const text = writeVCards([
      {
        id: newId(),
        updatedAt: "2026-01-01T00:00:00.000Z",
        name: "One",
        emails: [{ address: "one@partner.example" }],
        phones: [],
      },
      { id: newId(), updatedAt: "2026-01-01T00:00:00.000Z", name: "Two", emails: [], phones: [{ number: "+1" }] },
    ]);
    const importing = (whole: string) =>
      test.db.transaction().execute((trx) => importContacts(trx, actor("bob"), { text: whole, kind: "personal" }));
    expect(await importing(`${text}BEGIN:VCARD\nTEL:nobody\nEND:VCARD\n`)).toEqual({
      imported: 2,
      known: 0,
      skipped: 1,
    });
    expect(await importing(text + text)).toEqual({ imported: 0, known: 4, skipped: 0 });
  });
});

describe("settings", () => {
  it("are changed key by key, and senders one by one", async () => {
    const settings = (args: JsonObject) => apply(test.db, actor("ann"), "mail.settings", people.ann, args);
    await settings({ undoSeconds: 15, allowRemote: "News@a.example" });
    await settings({ conversations: false, allowRemote: "b@b.example" });
    await settings({ blockRemote: "news@A.example" });
    expect(await findSettings(test.db, [people.ann])).toEqual([
      { id: people.ann, settings: { undoSeconds: 15, conversations: false, remoteAllowed: ["b@b.example"] } },
    ]);
  });

  it("of others are not there", async () => {
    await expect(apply(test.db, actor("bob"), "mail.settings", people.ann, { undoSeconds: 0 })).rejects.toMatchObject({
      code: "notFound",
    });
  });

  it("keep the thousand senders that were allowed last", async () => {
    for (let n = 0; n < 1_002; n += 167)
      await test.db.transaction().execute(async (trx) => {
        const intent = contactIntents.find(({ name }) => name === "mail.settings");
        for (let each = n; each < n + 167; each++)
          await intent?.apply(
            trx,
            { id: people.eve, mid: newId(), at: "", args: { allowRemote: `${each}@a.example` } },
            actor("eve"),
          );
      });
    const [row] = await findSettings(test.db, [people.eve]);
    expect(row?.settings.remoteAllowed).toHaveLength(1_000);
    expect(row?.settings.remoteAllowed?.at(-1)).toBe("1001@a.example");
  });
});

describe("suggestions", () => {
  const sent = async (mailboxId: string, address: string, name: string, at: string) =>
    receive(
      test.db,
      mailboxId,
      { people: { from: [{ address: "bob@kontor.example" }], to: [{ address, name }], cc: [] } },
      { folder: { role: "sent" }, receivedAt: at, send: { state: "sent", at, by: people.bob } },
    );
  const suggested = async (query: string) =>
    (await suggestAddresses(test.db, { query, limit: 10 }, { ...actor("bob"), now: "2026-03-10T00:00:00.000Z" })).map(
      ({ address }) => address,
    );

  it("are those whom one writes to most and last, then contacts, and nobody else's", async () => {
    const own = await mailboxOf(test.db, "bob");
    await sent(own, "often@partner.example", "Often Asked", "2026-03-01T10:00:00.000Z");
    await sent(own, "OFTEN@partner.example", "Often Asked", "2026-03-02T10:00:00.000Z");
    await sent(own, "once@partner.example", "Once", "2026-03-03T10:00:00.000Z");
    await sent(own, "past@partner.example", "Past", "2024-01-01T10:00:00.000Z");
    await save("bob", newId(), { ...olga, emails: [{ address: "known@partner.example" }], name: "Known" });
    await save("ann", newId(), { ...olga, emails: [{ address: "secret@partner.example" }] });
    const all = await suggested("");
    expect(all.slice(0, 2)).toEqual(["often@partner.example", "once@partner.example"]);
    expect(all).toContain("known@partner.example");
    expect(all).not.toContain("past@partner.example");
    expect(all).not.toContain("secret@partner.example");
    expect(await suggested("asked")).toEqual(["often@partner.example"]);
    expect(await suggested("onc")).toEqual(["once@partner.example"]);
    expect(await suggested("%")).toEqual([]);
  });

  it("are forgotten with the mailbox that they were written from", async () => {
    const shared = await makeMailbox(test.db, { kind: "shared", members: [{ userId: people.bob, role: "sender" }] });
    await sent(shared, "client@partner.example", "Client", "2026-03-05T10:00:00.000Z");
    expect(await suggested("client")).toEqual(["client@partner.example"]);
    await test.pool.query("delete from mailbox_member where mailbox_id = $1", [shared]);
    expect(await suggested("client")).toEqual([]);
  });
});

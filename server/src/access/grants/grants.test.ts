import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AccessRequestDoc } from "@kontor/shared/access";
import { newId, type JsonObject } from "@kontor/shared/base";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { createProfiles } from "../../sync/profile.ts";
import { createProjector } from "../../sync/projection.ts";
import {
  actor,
  apply,
  clock,
  collections,
  createCard,
  engine,
  inDays,
  loadGranted,
  passDays,
  people,
  seedOffice,
  type Login,
} from "./grants.fixture.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedOffice(test.db);
});
afterAll(() => test.drop());
beforeEach(async () => {
  await test.pool.query("truncate access_request");
});

const projector = createProjector(collections);

/** The row as this person's replica gets it. */
async function seen<Doc = AccessRequestDoc>(login: Login, id: string, collection = "accessRequests") {
  const { subject, context } = await actor(test.db, login);
  const [projection] = await projector.projectIds(test.db, { subject, context, engine }, collection, [id]);
  return projection?.view?.doc as Doc | undefined;
}

const fieldsSeen = async (login: Login, cardId: string) =>
  Object.keys((await seen<{ fields: JsonObject }>(login, cardId, "records"))?.fields ?? {});

async function ask(login: Login, recordId: string, change: JsonObject = {}) {
  const id = newId();
  const asked = { recordId, type: "card", level: "read", sections: ["pay"], until: inDays(7), why: "For the budget" };
  const outcome = await apply(test.db, login, "access.request", { id, ...asked, ...change });
  return { id, outcome };
}

const grant = (login: Login, id: string, change: JsonObject = {}) =>
  apply(test.db, login, "access.grant", { id, level: "read", until: inDays(7), ...change });

const audited = async (recordId: string) => {
  const entries = "select action from audit_entry where object_id = $1 order by at, id";
  return (await test.pool.query<{ action: string }>(entries, [recordId])).rows.map(({ action }) => action);
};

describe("asking", () => {
  it("[POL-5] puts the request before whom the deciding policy names, and else before the record's owner", async () => {
    const cardId = await createCard(test.db, "olga");
    const pay = await ask("ivan", cardId);
    expect((await seen("vera", pay.id))?.recipients).toEqual([people.vera]);
    expect(await seen("olga", pay.id)).toBeUndefined();

    const closed = await createCard(test.db, "olga", { closed: true });
    const edit = await ask("ivan", closed, { level: "edit", sections: ["main"] });
    expect((await seen("vera", edit.id))?.recipients).toEqual([people.vera]); // its contact is an address
    expect(await audited(closed)).toEqual(["access.requested"]);
  });

  it("[VIS-3] takes a request about a record that one cannot see like one about none, and tells nothing", async () => {
    const secret = await createCard(test.db, "olga", { secret: true });
    const missing = newId();
    const [real, none] = [await ask("ivan", secret), await ask("ivan", missing)];
    expect(real.outcome).toEqual(none.outcome);
    const comparable = async (id: string) => {
      const { id: _, recordId: __, createdAt: ___, until: ____, ...rest } = (await seen("ivan", id)) ?? {};
      return rest;
    };
    expect(await comparable(real.id)).toEqual(await comparable(none.id));
    await apply(test.db, "vera", "access.refuse", { id: real.id, answer: "No" });
    expect(await comparable(real.id)).toEqual(await comparable(none.id));
    for (const recordId of [secret, missing])
      await expect(ask("ivan", recordId)).rejects.toMatchObject({ details: { reason: "access.alreadyAsked" } });
    for (const { id } of [real, none])
      expect(await apply(test.db, "ivan", "access.withdrawRequest", { id })).toEqual({ status: "applied" });
    expect(await seen("ivan", real.id)).toBeUndefined();
  });

  it("is bounded: so many a day, one for a record, within a year, of sections that there are", async () => {
    const cardId = await createCard(test.db, "olga");
    const refused = (change: JsonObject, reason: string) =>
      expect(ask("ivan", cardId, change)).rejects.toMatchObject({ details: { reason } });
    await refused({ until: inDays(-1) }, "access.over");
    await refused({ until: inDays(400) }, "access.tooLong");
    await refused({ sections: ["salary"] }, "access.section");
    await refused({ type: "hidden" }, "access.type");
    for (let count = 0; count < 30; count++) await ask("ivan", newId());
    await refused({}, "access.tooMany");
  });
});

describe("granting", () => {
  it("[VIS-2] opens the section to whom it was granted, until it is ended", async () => {
    const cardId = await createCard(test.db, "olga");
    const { id } = await ask("ivan", cardId);
    expect(await fieldsSeen("ivan", cardId)).not.toContain("salary");
    await grant("vera", id, { answer: "Until the budget is done" });
    expect(await fieldsSeen("ivan", cardId)).toContain("salary");
    expect(await seen("ivan", id)).toMatchObject({
      state: "granted",
      answer: "Until the budget is done",
      answeredBy: people.vera,
      grant: { level: "read", sections: ["pay"] },
    });
    await apply(test.db, "vera", "access.endGrant", { id });
    expect(await fieldsSeen("ivan", cardId)).not.toContain("salary");
    expect((await seen("ivan", id))?.state).toBe("ended");
    expect(await audited(cardId)).toEqual(["access.requested", "access.granted", "access.grantWithdrawn"]);
  });

  it("[POL-6] ends by itself, at the moment that the subject says", async () => {
    const cardId = await createCard(test.db, "olga");
    const { id } = await ask("ivan", cardId);
    const until = inDays(2);
    await grant("vera", id, { until });
    expect((await loadGranted(test.db, people.ivan))?.validUntil).toBe(until);
    passDays(2.1);
    expect((await loadGranted(test.db, people.ivan))?.validUntil).toBeUndefined();
    expect(await fieldsSeen("ivan", cardId)).not.toContain("salary");
  });

  it("[POL-6] [VIS-4] a record that only a grant showed is given to the replica, and taken from it at the end", async () => {
    const cardId = await createCard(test.db, "olga", { secret: true });
    const profiles = createProfiles({
      db: test.db,
      projector,
      access: () => engine,
      loadSubject: (userId) => loadGranted(test.db, userId),
      schemaRev: "",
      clock,
      log: silentLog,
    });
    const seat = { userId: people.ivan, context: { channel: "desktop" } } as const;
    const held = async () => {
      if ((await profiles.advance(seat))?.lossesDue) await profiles.takeAway(seat);
      let state = await profiles.advance(seat);
      // oxlint-disable-next-line no-array-fill-with-reference-type -- no array
      while (state?.pending) state = await profiles.fill(seat);
      const { rows } = await test.pool.query<{ lost: boolean }>(
        "select lost from view_row where profile_id = $1 and row_id = $2",
        [people.ivan, cardId],
      );
      return rows.map(({ lost }) => (lost ? "purged" : "there"));
    };
    expect(await held()).toEqual([]);
    const { id } = await ask("ivan", cardId, { sections: ["main"] });
    await grant("vera", id, { until: inDays(1) });
    await expect.poll(held).toEqual(["there"]);
    passDays(1.1);
    await expect.poll(held).toEqual(["purged"]);
  });

  it("is not more than one has by policy, and not what one was granted oneself", async () => {
    const cardId = await createCard(test.db, "olga");
    const mine = await ask("ivan", cardId, { level: "edit" });
    const lacking = { code: "forbidden", details: { reason: "access.moreThanOwn" } };
    await expect(grant("root", mine.id)).rejects.toMatchObject(lacking); // administering opens nothing
    await grant("vera", mine.id, { level: "edit" });
    const theirs = await ask("root", cardId);
    await test.pool.query("update access_request set recipients = $1 where id = $2", [[people.ivan], theirs.id]);
    await expect(grant("ivan", theirs.id)).rejects.toMatchObject(lacking);
  });

  it("can be narrower than what was asked, and not wider", async () => {
    const cardId = await createCard(test.db, "olga");
    const whole = await ask("ivan", cardId, { level: "edit", sections: ["main", "pay"] });
    await expect(grant("vera", whole.id, { sections: ["papers"] })).rejects.toMatchObject({
      details: { reason: "access.wider" },
    });
    await grant("vera", whole.id, { sections: ["pay"] });
    const can = (await seen<{ can: { edit: string[] } }>("ivan", cardId, "records"))?.can;
    expect(await fieldsSeen("ivan", cardId)).toContain("salary");
    expect(can?.edit).toEqual([]);
  });

  it("[POL-2] tells at once which deny would keep it without effect, and whom to ask about that", async () => {
    const cardId = await createCard(test.db, "olga", { name: "Guarded" });
    const { id } = await ask("ivan", cardId, { sections: ["main", "pay"] });
    await expect(grant("vera", id)).rejects.toMatchObject({
      code: "conflict",
      details: {
        reason: "access.denyStands",
        problems: [{ limit: "not-for-ivan", message: "Guarded pay is not for Ivan; ask hr" }],
      },
    });
    await grant("vera", id, { sections: ["main"] });
  });

  it("is for whoever was asked, the owner and administrators; to others there is no such request", async () => {
    const cardId = await createCard(test.db, "olga");
    const { id } = await ask("ivan", cardId);
    const unknown = { code: "notFound", details: { reason: "access.unknown" } };
    await expect(grant("ivan", id)).rejects.toMatchObject(unknown);
    await expect(grant("vera", newId())).rejects.toMatchObject(unknown);
    await apply(test.db, "root", "access.refuse", { id, answer: "Not needed" });
    expect(await seen("ivan", id)).toMatchObject({ state: "refused", answer: "Not needed" });
    await expect(grant("olga", id)).rejects.toMatchObject({ details: { reason: "access.answered" } });
    expect(await audited(cardId)).toEqual(["access.requested", "access.refused"]);
  });

  it("stays when who gave it is switched off, and ends with the record's way into the trash", async () => {
    const cardId = await createCard(test.db, "olga");
    const { id } = await ask("ivan", cardId);
    await grant("vera", id);
    await test.pool.query("update app_user set state = 'disabled' where login = 'vera'");
    expect(await fieldsSeen("ivan", cardId)).toContain("salary");
    await test.pool.query("update app_user set state = 'active' where login = 'vera'");
    await test.pool.query("update record set deleted_at = now() where id = $1", [cardId]);
    expect(await fieldsSeen("ivan", cardId)).not.toContain("salary");
  });
});

it("[POL-5] the words of policies are those that can be named, without any condition", async () => {
  const { subject, context } = await actor(test.db, "ivan");
  const [words] = collections.filter(({ name }) => name === "policyWords");
  const rows = (await words?.scan(test.db, undefined, 100)) ?? [];
  const docs = await projector.projectRows(test.db, { subject, context, engine }, words as never, rows);
  const named = docs.map(({ view }) => view?.doc).filter((doc) => doc?.["policy"] === "closed-is-final");
  expect(named).toEqual([
    {
      id: expect.any(String),
      policy: "closed-is-final",
      type: "card",
      effect: "deny",
      title: { en: "Closed cards stay as they are", ru: "Закрытое не меняется" },
      contact: "vera@example.org",
    },
  ]);
  expect(docs.map(({ view }) => view?.doc["policy"]).toSorted()).toEqual(["closed-is-final", "hr", "not-for-ivan"]);
});

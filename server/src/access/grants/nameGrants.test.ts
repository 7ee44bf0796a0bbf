import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { findResource } from "#objects";
import { createTestDatabase, type TestDatabase } from "#testing";
import { actor, apply, clock, createCard, engine, inDays, passDays, people, seedOffice } from "./grants.fixture.ts";
import { createNameGrants } from "./nameGrants.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedOffice(test.db);
});
afterAll(() => test.drop());

it("[POL-5] explain says of what is open for a time who granted it and until when, and only while it is", async () => {
  const recordId = await createCard(test.db, "olga", { secret: true });
  const id = newId();
  const asked = { recordId, type: "card", level: "read", sections: ["main"], until: inDays(9), why: "Work" };
  await apply(test.db, "ivan", "access.request", { id, ...asked });
  await apply(test.db, "vera", "access.grant", { id, level: "read", until: inDays(9) });

  const nameGrants = createNameGrants({ db: test.db, clock });
  const explain = async () => {
    const { subject, context } = await actor(test.db, "ivan");
    const resource = await findResource(test.db, engine, { type: "card", id: recordId });
    if (!resource) throw new Error("the card is gone");
    const explained = engine.explain(subject, "read", resource, context);
    return nameGrants(explained, { userId: people.ivan, recordId });
  };
  expect(await explain()).toMatchObject({
    allowed: true,
    decidedBy: { id: "granted-card-main-read", title: { en: "Granted by vera until November 30, 2026" } },
  });
  passDays(10);
  expect(await explain()).toMatchObject({ allowed: false });
});

import { systemClock } from "@kontor/shared/base";
import type { Policy } from "@kontor/shared/access";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createAccess, type AccessService } from "#access";
import {
  createPeopleService,
  createSessionService,
  ensureAdministrators,
  loadAdministrators,
  lockOrganisation,
  loadSubject,
} from "#people";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

it("[POL-9] a set for one administrator and a change that takes this one away do not both come to pass", async () => {
  const { db } = test;
  const checking = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let isGated = false;
  const services: { access?: AccessService } = {};
  const people = createPeopleService({
    db,
    sessions: createSessionService({ db, clock: systemClock }),
    clock: systemClock,
    doorbell: { ring: () => undefined },
    async mayAdminister(trx, userId) {
      const [subject] = await Promise.all([loadSubject(trx, userId), services.access?.refresh()]);
      return subject !== undefined && services.access?.mayAdminister(subject) === true;
    },
  });
  const access = await createAccess({
    db,
    log: silentLog,
    resources: [],
    policies: [],
    loadSubject: (userId) => loadSubject(db, userId),
    async loadAdministrators() {
      const all = await loadAdministrators(db);
      if (!isGated) return all;
      checking.resolve();
      await gate.promise;
      return all;
    },
    holdPeople: lockOrganisation,
  });
  services.access = access;
  const groupIds = [await ensureAdministrators(db)];
  const [anna, boris] = [
    await people.create({ login: "anna", name: "Anna", password: "a long password", groupIds }),
    await people.create({ login: "boris", name: "Boris", password: "a long password", groupIds }),
  ];
  const onlyAnna: Policy = {
    id: "only-anna",
    title: "Only Anna",
    effect: "deny",
    resource: "system",
    actions: ["*"],
    when: { ne: ["sub.id", anna.id] },
  };

  isGated = true;
  const published = access.publish([onlyAnna], anna.id);
  await checking.promise;
  const left = people.change(anna.id, { groupIds: [] });
  const isLeft = left.then(
    () => true,
    () => false,
  );
  // The set has been checked and is not yet committed; whoever does not wait for that is done by now.
  await Promise.race([isLeft, new Promise((resolve) => setTimeout(resolve, 500))]);
  gate.resolve();
  await published;
  await expect(left).rejects.toMatchObject({ details: { reason: "administrators.last" } });
  expect((await loadAdministrators(db)).filter((each) => access.mayAdminister(each)).map(({ id }) => id)).toEqual([
    anna.id,
  ]);
  expect((await loadAdministrators(db)).map(({ id }) => id).toSorted()).toEqual([anna.id, boris.id].toSorted());
});

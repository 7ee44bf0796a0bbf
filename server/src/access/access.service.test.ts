import { randomUUID } from "node:crypto";
import { nobody, type Policy, type ResourceType, type Subject } from "@kontor/shared/access";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { createAccess, type AccessDeps } from "./index.ts";

const contract: ResourceType = {
  name: "contract",
  sections: { main: ["title"] },
  attributes: { owner: "id" },
  actions: ["read", "edit"],
};
const ownersRead: Policy = {
  id: "owners-read",
  title: "Owners read",
  effect: "allow",
  resource: "contract",
  actions: ["read"],
  when: { eq: ["obj.owner", "sub.id"] },
};
const administrator: Subject = { ...nobody, id: randomUUID(), login: "admin", isAdmin: true };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query("truncate policy_set restart identity; delete from policy_draft");
});

const start = (changes: Partial<AccessDeps> = {}) =>
  createAccess({
    db: database.db,
    log: silentLog,
    resources: [contract],
    policies: [ownersRead],
    loadSubject: async (id) => (id === administrator.id ? administrator : undefined),
    loadAdministrators: async () => [administrator],
    ...changes,
  });

const setsStored = async () => (await database.pool.query("select rev from policy_set order by rev")).rows.length;

it("publishes the packs' policies on the first start and not again on the next", async () => {
  const first = await start();
  expect(first.engine().rev).toBe("1");
  expect(first.engine().policies.map(({ id }) => id)).toEqual(["administrators-administer", "owners-read"]);
  expect((await start()).engine().rev).toBe("1");
  expect(await setsStored()).toBe(1);
});

it("publishes changed packs as a new set, and two servers that start at once publish it once", async () => {
  await start();
  const changed = { policies: [{ ...ownersRead, actions: ["read", "edit"] }] };
  const started = await Promise.all([start(changed), start(changed)]);
  expect(started.map((access) => access.engine().rev)).toEqual(["2", "2"]);
  expect(await setsStored()).toBe(2);
});

it("keeps an administrator's set over a restart", async () => {
  const access = await start();
  await access.publish([], administrator.id);
  expect((await start()).engine().policies.map(({ id }) => id)).toEqual(["administrators-administer"]);
});

it("tells its listeners of a new set, with its engine already in force", async () => {
  const access = await start();
  const heard: string[] = [];
  const stop = access.onPublished((engine) => heard.push(`${engine.rev} ${access.engine().rev}`));
  await access.publish([ownersRead], administrator.id);
  stop();
  await access.publish([ownersRead], administrator.id);
  expect(heard).toEqual(["2 2"]);
  expect(access.published().publishedBy).toBe(administrator.id);
});

it("[POL-8] refuses a set that does not fit the types, with every place, and keeps the old one", async () => {
  const access = await start();
  const wrong = { ...ownersRead, actions: ["fly"], when: { equals: ["obj.owner", "sub.id"] } };
  await expect(access.publish([wrong], administrator.id)).rejects.toMatchObject({
    code: "invalid",
    details: { problems: [{ field: "policies[0].actions[0]" }, { field: "policies[0].when" }] },
  });
  expect(access.engine().rev).toBe("1");
  expect(await setsStored()).toBe(1);
});

it("[POL-8] refuses a set whose example fails", async () => {
  const access = await start();
  const example = { subject: { id: "a" }, action: "read", resource: { owner: "b" }, expect: "allow" } as const;
  await expect(access.publish([{ ...ownersRead, examples: [example] }], administrator.id)).rejects.toMatchObject({
    code: "invalid",
    details: { reason: "access.examples", problems: [{ field: "owners-read.examples[0]" }] },
  });
});

it("[POL-9] refuses a set that would lock the last administrator out", async () => {
  const access = await start();
  const lockOut: Policy = { id: "closed", title: "Closed", effect: "deny", resource: "system", actions: ["*"] };
  await expect(access.publish([lockOut], administrator.id)).rejects.toMatchObject({
    code: "invalid",
    details: { reason: "access.lockOut" },
  });
  const others: Policy = { ...lockOut, when: { ne: ["sub.id", administrator.id] } };
  await expect(access.publish([others], administrator.id)).resolves.toEqual({ rev: "2" });
});

it("[POL-9] refuses packs that lock everybody out, also before there is an administrator", async () => {
  const lockOut: Policy = { id: "closed", title: "Closed", effect: "deny", resource: "system", actions: ["*"] };
  const started = start({ policies: [lockOut], loadAdministrators: async () => [] });
  await expect(started).rejects.toMatchObject({ details: { reason: "access.lockOut" } });
  await expect(start({ loadAdministrators: async () => [] })).resolves.toBeDefined();
});

it("lets administrators do system actions, and nobody who is gone do anything", async () => {
  const access = await start();
  const principal = {
    userId: administrator.id,
    login: "admin",
    name: "A",
    isAdmin: true,
    channel: "console",
    scopes: [],
  } as const;
  expect(await access.maySystem(principal, "administer", "127.0.0.1")).toBe(true);
  expect(await access.maySystem(principal, "unknown", "127.0.0.1")).toBe(false);
  const gone = { ...principal, userId: randomUUID() };
  await expect(access.maySystem(gone, "administer", "127.0.0.1")).rejects.toMatchObject({ code: "unauthenticated" });
});

it("adds the built-in policies to every set, stores them with none, and lets nobody replace one", async () => {
  const builtIn: Policy = { ...ownersRead, id: "granted-contract-main-read" };
  const access = await start({ builtIn: [builtIn] });
  await access.publish([], administrator.id);
  expect(access.engine().policies.map(({ id }) => id)).toEqual(["administrators-administer", builtIn.id]);
  const stored = await database.pool.query("select policies from policy_set order by rev");
  expect(JSON.stringify(stored.rows)).not.toContain(builtIn.id);
  await expect(access.publish([{ ...builtIn, effect: "deny" }], administrator.id)).rejects.toMatchObject({
    details: { problems: [{ message: expect.stringContaining("already the id") }] },
  });
});

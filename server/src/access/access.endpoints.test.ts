import { randomUUID } from "node:crypto";
import { nobody, type Policy, type ResourceType, type Subject } from "@kontor/shared/access";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Endpoint, EndpointRequest, Principal } from "#kernel";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { accessEndpoints, createAccess } from "./index.ts";

const contract: ResourceType = {
  name: "contract",
  sections: { main: ["title"], pay: ["salary"] },
  attributes: { owner: "id", level: "number" },
  actions: ["read", "edit"],
};
const policies: readonly Policy[] = [
  {
    id: "owners",
    title: { en: "Owners read", ru: "Владельцы читают" },
    effect: "allow",
    resource: "contract",
    actions: ["read"],
    when: { eq: ["obj.owner", "sub.id"] },
  },
  {
    id: "editors",
    title: "Editors edit low levels",
    effect: "allow",
    resource: "contract",
    actions: ["edit"],
    contact: "legal@example.org",
    when: { lt: ["obj.level", 3] },
  },
];
const subject = (login: string, isAdmin = false): Subject => ({ ...nobody, id: randomUUID(), login, isAdmin });
const [anna, boris, root] = [subject("anna"), subject("boris"), subject("root", true)];
const subjects = [anna, boris, root];
const recordId = randomUUID();

let database: TestDatabase;
let explain: Endpoint;
let list: Endpoint;
beforeAll(async () => {
  database = await createTestDatabase();
  const access = await createAccess({
    db: database.db,
    log: silentLog,
    resources: [contract],
    policies,
    loadSubject: async (id) => subjects.find((known) => known.id === id),
    loadAdministrators: async () => [root],
  });
  const record = { type: "contract", attributes: { owner: anna.id, level: 7 } };
  const drafts = { engineOf: async () => access.compile([], "draft") };
  const endpoints = accessEndpoints({
    access,
    drafts,
    loadResource: async (_, id) => (id === recordId ? record : undefined),
    nameGrants: async (explanation) => explanation,
  });
  list = endpoints.find(({ path }) => path === "/access/policies") as Endpoint;
  explain = endpoints.find(({ path }) => path === "/access/explain") as Endpoint;
});
afterAll(() => database.drop());

const requestBy = ({ id, login, isAdmin }: Subject) => {
  const principal: Principal = {
    userId: id,
    login,
    name: login,
    isAdmin,
    channel: "console",
    scopes: ["read", "write"],
  };
  return { principal, requestId: "1", ip: "127.0.0.1", log: silentLog } as EndpointRequest;
};
const ask = async (who: Subject, body: object) =>
  explain.handle({ params: undefined, query: undefined, body }, requestBy(who)) as Promise<Record<string, unknown>>;
const edit = { action: "edit", type: "contract", id: recordId };

describe("explain", () => {
  it("[POL-5] names to a user the policy and whom to ask, and no condition and no value", async () => {
    const hint = await ask(anna, edit);
    expect(hint).toEqual({
      allowed: false,
      reason: "no-allow",
      action: "edit",
      resource: "contract",
      decidedBy: { id: "editors", title: "Editors edit low levels", contact: "legal@example.org" },
    });
  });

  it("[VIS-2] answers for a record that one may not see as for one that does not exist", async () => {
    const unseen = await ask(boris, edit).catch((error: unknown) => error);
    const missing = await ask(boris, { ...edit, id: randomUUID() }).catch((error: unknown) => error);
    expect(unseen).toMatchObject({ code: "notFound" });
    expect(unseen).toEqual(missing);
  });

  it("refuses users who ask about somebody else or about made-up attributes", async () => {
    await expect(ask(anna, { ...edit, userId: boris.id })).rejects.toMatchObject({ code: "forbidden" });
    const madeUp = { action: "edit", type: "contract", attributes: { level: 1 } };
    await expect(ask(anna, madeUp)).rejects.toMatchObject({ code: "forbidden" });
  });

  it("shows an administrator every policy, condition and value, for any user", async () => {
    const full = await ask(root, { ...edit, userId: anna.id });
    expect(full).toMatchObject({
      allowed: false,
      policies: [
        {
          id: "editors",
          applies: false,
          condition: { outcome: "false", operands: [{ attribute: "obj.level", value: 7 }, { value: 3 }] },
        },
      ],
    });
    expect(
      await ask(root, { action: "edit", type: "contract", attributes: { level: 1, owner: anna.id }, userId: anna.id }),
    ).toMatchObject({ allowed: true });
  });

  it("answers notFound for an unknown type", async () => {
    await expect(ask(root, { ...edit, type: "constructor" })).rejects.toMatchObject({ code: "notFound" });
  });
});

it("lists the policies in force, and its reply is what its schema says", async () => {
  const reply = await list.handle({ params: undefined, query: undefined, body: undefined }, requestBy(root));
  expect(list.access).toEqual({ kind: "system", action: "administer" });
  expect(list.reply?.parse(reply)).toMatchObject({
    rev: "1",
    policies: [{ id: "administrators-administer" }, { id: "owners" }, { id: "editors" }],
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Policy } from "@kontor/shared/access";
import { startAuthzenServer, storedType, type AuthzenServer, type TestPack } from "./authzenServer.ts";

/**
 * The published interop scenario "Todo": its users, roles, rules and expected decisions as its payload document states them,
 * https://authzen-interop.net/docs/scenarios/todo-1.1/ (openid/authzen,
 * interop/authzen-interop-website/docs/scenarios/todo-1.1/index.md; the same forty decisions stand in
 * interop/authzen-todo-backend/test/decisions-authorization-api-1_0-00.json).
 *
 * Roles are groups here, and todos are records with an owner: the decisions come from our own directory and database, and
 * not from what the caller sends as properties. The scenario's "todo-1" stands for the list; it is the record LIST.
 */
const LIST = "7240d0db-8ff0-41ec-98b2-34a096273b90";
const users = {
  "rick@the-citadel.com": { roles: ["admin", "evil_genius"], todo: "7240d0db-8ff0-41ec-98b2-34a096273b92" },
  "morty@the-citadel.com": { roles: ["editor"], todo: "7240d0db-8ff0-41ec-98b2-34a096273b91" },
  "summer@the-smiths.com": { roles: ["editor"], todo: "7240d0db-8ff0-41ec-98b2-34a096273b93" },
  "beth@the-smiths.com": { roles: ["viewer"], todo: "7240d0db-8ff0-41ec-98b2-34a096273b94" },
  "jerry@the-smiths.com": { roles: ["viewer"], todo: "7240d0db-8ff0-41ec-98b2-34a096273b95" },
} as const;
type User = keyof typeof users;
const logins = Object.keys(users) as User[];

/** Of a todo of somebody else's (for Rick Morty's, for the others Rick's) and of one's own. */
const expected: Readonly<
  Record<
    User,
    { create: boolean; update: { others: boolean; own: boolean }; delete: { others: boolean; own: boolean } }
  >
> = {
  "rick@the-citadel.com": { create: true, update: { others: true, own: true }, delete: { others: true, own: true } },
  "morty@the-citadel.com": { create: true, update: { others: false, own: true }, delete: { others: false, own: true } },
  "summer@the-smiths.com": { create: true, update: { others: false, own: true }, delete: { others: false, own: true } },
  "beth@the-smiths.com": {
    create: false,
    update: { others: false, own: false },
    delete: { others: false, own: false },
  },
  "jerry@the-smiths.com": {
    create: false,
    update: { others: false, own: false },
    delete: { others: false, own: false },
  },
};

const allow = (id: string, resource: string, action: string, when?: Policy["when"]): Policy => ({
  id,
  title: id,
  effect: "allow",
  resource,
  actions: [action],
  ...(when && { when }),
});
const role = (...roles: readonly string[]) => ({ any: ["sub.groups", roles] }) as const;
const editorOfOwn = { and: [role("editor"), { eq: ["obj.owner", "sub.id"] }] } as const;

const pack: TestPack = {
  types: [
    storedType("todo", ["can_read_todos", "can_create_todo", "can_update_todo", "can_delete_todo"]),
    storedType("user", ["can_read_user"]),
  ],
  policies: [
    allow("read-users", "user", "can_read_user"),
    allow("read-todos", "todo", "can_read_todos"),
    allow("create-todos", "todo", "can_create_todo", role("admin", "editor")),
    allow("update-todos", "todo", "can_update_todo", { or: [role("evil_genius"), editorOfOwn] }),
    allow("delete-todos", "todo", "can_delete_todo", { or: [role("admin"), editorOfOwn] }),
  ],
  people: logins.map((login) => ({ login, groups: users[login].roles })),
  records: [
    { id: LIST, type: "todo" },
    ...logins.map((login) => ({ id: users[login].todo, type: "todo", owner: login })),
  ],
};

let server: AuthzenServer;
beforeAll(async () => {
  server = await startAuthzenServer(pack);
});
afterAll(() => server.stop());

const otherOf = (login: User): User =>
  login === "rick@the-citadel.com" ? "morty@the-citadel.com" : "rick@the-citadel.com";
const todoOf = (owner: User) => ({ type: "todo", id: users[owner].todo, properties: { ownerID: owner } });
const ask = async (login: User, action: string, resource: object) => {
  const { status, body } = await server.ask("evaluation", {
    subject: { type: "user", id: login },
    action: { name: action },
    resource,
    context: {},
  });
  expect(status).toBe(200);
  return body.decision;
};

describe.each(logins)("the Todo scenario's decisions about %s", (login) => {
  const { create, update, delete: remove } = expected[login];

  it("reads users and todos", async () => {
    expect(await ask(login, "can_read_user", { type: "user", id: "beth@the-smiths.com" })).toBe(true);
    expect(await ask(login, "can_read_user", { type: "user", id: login })).toBe(true);
    expect(await ask(login, "can_read_todos", { type: "todo", id: LIST })).toBe(true);
  });

  it(`creates todos: ${create}`, async () => {
    expect(await ask(login, "can_create_todo", { type: "todo", id: LIST })).toBe(create);
  });

  it(`updates others' todos: ${update.others}, own: ${update.own}`, async () => {
    expect(await ask(login, "can_update_todo", todoOf(otherOf(login)))).toBe(update.others);
    expect(await ask(login, "can_update_todo", todoOf(login))).toBe(update.own);
  });

  it(`deletes others' todos: ${remove.others}, own: ${remove.own}`, async () => {
    expect(await ask(login, "can_delete_todo", todoOf(otherOf(login)))).toBe(remove.others);
    expect(await ask(login, "can_delete_todo", todoOf(login))).toBe(remove.own);
  });
});

it("decides boxcarred questions in their order, with the subject and the action at the top", async () => {
  const { status, body } = await server.ask("evaluations", {
    subject: { type: "user", id: "morty@the-citadel.com" },
    action: { name: "can_update_todo" },
    resource: {},
    context: {},
    evaluations: [{ resource: todoOf("rick@the-citadel.com") }, { resource: todoOf("morty@the-citadel.com") }],
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({ evaluations: [{ decision: false }, { decision: true }] });
});

it("does not believe an owner that the caller names: the record says whose it is", async () => {
  const lie = {
    ...todoOf("rick@the-citadel.com"),
    properties: { ownerID: "morty@the-citadel.com", owner: server.personIds.get("morty@the-citadel.com") },
  };
  const { body } = await server.ask("evaluation", {
    subject: {
      type: "user",
      id: "morty@the-citadel.com",
      properties: { roles: ["admin"], groups: ["admin"], isAdmin: true },
    },
    action: { name: "can_delete_todo" },
    resource: lie,
  });
  expect(body).toMatchObject({ decision: false, context: { ignored: ["subject.properties", "resource.properties"] } });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Policy } from "@kontor/shared/access";
import { startAuthzenServer, storedType, type AuthzenServer, type TestPack } from "./authzenServer.ts";

/**
 * The published interop scenario "Search": users, records, rules and expected results as its payload document lists them,
 * https://authzen-interop.net/docs/scenarios/search/ (openid/authzen,
 * interop/authzen-interop-website/docs/scenarios/search/index.md). The scenario's numbers of records are the last digits of
 * our ids.
 */
const users = {
  alice: ["manager", "Sales"],
  bob: ["employee", "Legal"],
  carol: ["contractor", "Legal"],
  dan: ["manager", "Finance"],
  erin: ["employee", "Finance"],
  felix: ["contractor", "Accounting"],
} as const;
type User = keyof typeof users;
const names = Object.keys(users) as User[];

const records: readonly (readonly [number: number, department: string, owner: User])[] = [
  [101, "Legal", "alice"],
  [102, "Legal", "bob"],
  [103, "Legal", "carol"],
  [104, "Accounting", "dan"],
  [105, "Legal", "erin"],
  [106, "Accounting", "felix"],
  [107, "Sales", "alice"],
  [108, "Legal", "bob"],
  [109, "Accounting", "carol"],
  [110, "Sales", "dan"],
  [111, "Accounting", "erin"],
  [112, "Legal", "felix"],
  [113, "Sales", "alice"],
  [114, "Accounting", "bob"],
  [115, "Finance", "carol"],
  [116, "Legal", "dan"],
  [117, "Legal", "erin"],
  [118, "Accounting", "felix"],
  [119, "Legal", "alice"],
  [120, "Accounting", "bob"],
];
const numbers = records.map(([number]) => number);

/** The scenario's table of the resource search: which records each user may view, edit and delete. */
const expected: Readonly<
  Record<User, { view: readonly number[]; edit: readonly number[]; delete: readonly number[] }>
> = {
  alice: { view: numbers, edit: [101, 107, 110, 113, 119], delete: [101, 107, 113, 119] },
  bob: {
    view: [101, 102, 103, 105, 108, 112, 114, 116, 117, 119, 120],
    edit: [102, 108, 114, 120],
    delete: [102, 108, 114, 120],
  },
  carol: {
    view: [101, 102, 103, 105, 108, 109, 112, 115, 116, 117, 119],
    edit: [103, 109, 115],
    delete: [103, 109, 115],
  },
  dan: { view: numbers, edit: [104, 110, 115, 116], delete: [104, 110, 116] },
  erin: { view: [105, 111, 115, 117], edit: [105, 111, 117], delete: [105, 111, 117] },
  felix: { view: [104, 106, 109, 111, 112, 114, 118, 120], edit: [106, 112, 118], delete: [106, 112, 118] },
};
/** The scenario's table of the subject search, of the records that differ in kind: own, in the department, of a manager. */
const expectedSubjects = [
  [101, "view", ["alice", "bob", "carol", "dan"]],
  [101, "edit", ["alice"]],
  [104, "view", ["alice", "dan", "felix"]],
  [105, "view", ["alice", "bob", "carol", "dan", "erin"]],
  [107, "view", ["alice", "dan"]],
  [109, "view", ["alice", "carol", "dan", "felix"]],
  [110, "edit", ["alice", "dan"]],
  [110, "delete", ["dan"]],
  [112, "view", ["alice", "bob", "carol", "dan", "felix"]],
  [115, "view", ["alice", "carol", "dan", "erin"]],
  [115, "edit", ["carol", "dan"]],
  [115, "delete", ["carol"]],
  [120, "view", ["alice", "bob", "dan", "felix"]],
] as const;
const actions = ["view", "edit", "delete"] as const;

const idOf = (number: number): string => `00000000-0000-4000-8000-000000000${number}`;
const numberOf = (id: string): number => Number(id.slice(-3));

const own = { eq: ["obj.owner", "sub.id"] } as const;
const inDepartment = { eq: ["obj.department", "sub.department"] } as const;
const manager = { has: ["sub.groups", "manager"] } as const;
const policy = (id: string, action: string, when: Policy["when"]): Policy => ({
  id,
  title: id,
  effect: "allow",
  resource: "record",
  actions: [action],
  when,
});

const pack: TestPack = {
  types: [storedType("record", actions)],
  policies: [
    policy("view-own", "view", own),
    policy("view-department", "view", inDepartment),
    policy("view-managers", "view", manager),
    policy("edit-own", "edit", own),
    policy("edit-managers", "edit", { and: [manager, inDepartment] }),
    policy("delete-own", "delete", own),
  ],
  people: names.map((login) => ({ login, groups: [users[login][0]], department: users[login][1] })),
  records: records.map(([number, department, owner]) => ({ id: idOf(number), type: "record", department, owner })),
};

let server: AuthzenServer;
beforeAll(async () => {
  server = await startAuthzenServer(pack);
});
afterAll(() => server.stop());

const user = (id: string) => ({ type: "user", id });
const record = (number: number) => ({ type: "record", id: idOf(number) });
async function search(kind: "subject" | "resource" | "action", body: object) {
  const { status, body: found } = await server.ask(`search/${kind}`, body);
  expect(status).toBe(200);
  return found.results ?? [];
}

describe.each(names)("the Search scenario's records of %s", (login) => {
  it.each(actions)("%s", async (action) => {
    const results = await search("resource", {
      subject: user(login),
      action: { name: action },
      resource: { type: "record" },
    });
    expect(results.map(({ id }) => numberOf(id))).toEqual(expected[login][action]);
    expect(new Set(results.map(({ type }) => type))).toEqual(new Set(["record"]));
  });

  it("finds the actions of every record", async () => {
    for (const number of numbers) {
      const results = await search("action", { subject: user(login), resource: record(number) });
      const may = actions.filter((action) => expected[login][action].includes(number));
      expect([number, results.map(({ name }) => name)]).toEqual([number, may]);
    }
  });
});

it.each(expectedSubjects)("the Search scenario's users of record %i: %s", async (number, action, who) => {
  const results = await search("subject", {
    subject: { type: "user" },
    action: { name: action },
    resource: record(number),
  });
  expect(results.map(({ id }) => id).toSorted()).toEqual([...who]);
});

it("finds for all records and actions the users that the other table names", async () => {
  for (const number of numbers)
    for (const action of actions) {
      const results = await search("subject", {
        subject: { type: "user" },
        action: { name: action },
        resource: record(number),
      });
      const who = names.filter((login) => expected[login][action].includes(number));
      expect([number, action, results.map(({ id }) => id).toSorted()]).toEqual([number, action, who]);
    }
});

it("[POL-4] what a search finds is allowed when it is asked for, and nothing else is", async () => {
  const evaluations = names.flatMap((login) =>
    actions.flatMap((name) =>
      numbers.map((number) => ({ subject: user(login), action: { name }, resource: record(number) })),
    ),
  );
  const { body } = await server.ask("evaluations", { evaluations });
  const decisions = (body as unknown as { evaluations: { decision: boolean }[] }).evaluations.map(
    ({ decision }) => decision,
  );
  expect(decisions).toEqual(
    names.flatMap((login) =>
      actions.flatMap((name) => numbers.map((number) => expected[login][name].includes(number))),
    ),
  );
});

it("answers with an empty list for what nobody knows: user, record, action, type", async () => {
  const view = { name: "view" };
  expect(await search("resource", { subject: user("nobody"), action: view, resource: { type: "record" } })).toEqual([]);
  expect(
    await search("resource", { subject: user("bob"), action: { name: "fly" }, resource: { type: "record" } }),
  ).toEqual([]);
  expect(await search("resource", { subject: user("bob"), action: view, resource: { type: "spaceship" } })).toEqual([]);
  expect(await search("subject", { subject: { type: "user" }, action: view, resource: record(999) })).toEqual([]);
  expect(await search("subject", { subject: { type: "spaceship" }, action: view, resource: record(101) })).toEqual([]);
  expect(await search("action", { subject: user("nobody"), resource: record(101) })).toEqual([]);
  expect(await search("action", { subject: user("erin"), resource: record(118) })).toEqual([]);
});

describe("paging", () => {
  const question = { subject: user("bob"), action: { name: "view" }, resource: { type: "record" } };
  const page = async (path: string, body: object) => {
    const answer = await server.ask(path, body);
    const { page: next, results = [] } = answer.body as unknown as {
      page: { next_token: string; count: number };
      results?: { id: string }[];
    };
    return { ...answer, next, ids: results.map(({ id }) => id) };
  };

  it("gives every record once, in pages of the limit, and ends with an empty token", async () => {
    const pages: string[][] = [];
    for (let token: string | undefined; token !== "";) {
      const { next, ids } = await page("search/resource", {
        ...question,
        page: token === undefined ? { limit: 4 } : { token },
      });
      expect(next.count).toBe(ids.length);
      pages.push(ids);
      token = next.next_token;
    }
    expect(pages.map(({ length }) => length)).toEqual([4, 4, 3]);
    expect(pages.flat().map(numberOf)).toEqual(expected.bob.view);
  });

  it("gives every user once", async () => {
    const who = { subject: { type: "user" }, action: { name: "view" }, resource: record(105) };
    const found: string[] = [];
    for (let token: string | undefined; token !== "";) {
      const { next, ids } = await page("search/subject", {
        ...who,
        page: token === undefined ? { limit: 2 } : { token },
      });
      expect(ids.length).toBeLessThanOrEqual(2);
      found.push(...ids);
      token = next.next_token;
    }
    expect(found.toSorted()).toEqual(["alice", "bob", "carol", "dan", "erin"]);
  });

  it("refuses a token with another question, another limit, and one that is not ours", async () => {
    const { next } = await page("search/resource", { ...question, page: { limit: 4 } });
    const token = next.next_token;
    for (const body of [
      { ...question, subject: user("alice"), page: { token } },
      { ...question, action: { name: "edit" }, page: { token } },
      { ...question, context: { ip: "10.0.0.1" }, page: { token } },
      { ...question, page: { token, limit: 5 } },
      { ...question, page: { token: "b3VycyBpdCBpcyBub3Q" } },
    ]) {
      const refused = await server.ask("search/resource", body);
      expect([refused.status, (refused.body as Record<string, unknown>).reason]).toEqual([400, "page.token"]);
    }
    expect(
      (
        await server.ask("search/subject", {
          subject: { type: "user" },
          action: { name: "view" },
          resource: record(101),
          page: { token },
        })
      ).status,
    ).toBe(400);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { startAuthzenServer, storedType, type AuthzenServer, type TestPack } from "./authzenServer.ts";

/** How the Authorization API 1.0 says that requests and answers look, and who may ask what (VIS-2, POL-5). */
const open = newId();
const secret = newId();
const pack: TestPack = {
  types: [storedType("paper", ["read", "create", "edit", "transition:sign"], { level: "number" })],
  subjectAttributes: { clearance: { kind: "number", label: { en: "Clearance", ru: "Допуск" } } },
  policies: [
    {
      id: "read-cleared",
      title: { en: "Papers by clearance", ru: "Бумаги по допуску" },
      effect: "allow",
      resource: "paper",
      actions: ["read"],
      when: { gte: ["sub.clearance", "obj.level"] },
      contact: "security@example.org",
    },
    {
      id: "edit-own",
      title: "Own papers",
      effect: "allow",
      resource: "paper",
      actions: ["edit"],
      when: { eq: ["obj.owner", "sub.id"] },
      contact: "office",
    },
    {
      id: "begin",
      title: "Papers are begun at level 1",
      effect: "allow",
      resource: "paper",
      actions: ["create"],
      when: { eq: ["obj.level", 1] },
    },
    {
      id: "sign-here",
      title: "Papers are signed in the office",
      effect: "allow",
      resource: "paper",
      actions: ["transition:sign"],
      when: {
        and: [
          { cidr: ["ctx.ip", "10.0.0.0/8"] },
          { within: ["ctx.time", { from: "09:00", to: "18:00", zone: "UTC" }] },
        ],
      },
    },
  ],
  people: [
    { login: "anna", attributes: { clearance: 1 } },
    { login: "boris", attributes: { clearance: 3 } },
    { login: "dora", attributes: { clearance: 0 } },
    { login: "off", attributes: { clearance: 3 } },
  ],
  records: [
    { id: open, type: "paper", owner: "anna", fields: { level: 1 } },
    { id: secret, type: "paper", owner: "anna", fields: { level: 3 } },
  ],
};

let server: AuthzenServer;
let annas: string;
beforeAll(async () => {
  server = await startAuthzenServer(pack);
  annas = await server.tokenOf("anna");
  await server.switchOff("off");
});
afterAll(() => server.stop());

const user = (id: string) => ({ type: "user", id });
const paper = (id: string) => ({ type: "paper", id });
const may = (who: string, name: string, id: string, more: object = {}) => ({
  subject: user(who),
  action: { name },
  resource: paper(id),
  ...more,
});
const evaluate = async (body: unknown, token?: string) => {
  const answer = await server.ask("evaluation", body, token);
  return [answer.status, answer.body.decision ?? (answer.body as Record<string, unknown>).reason];
};
const evaluateAll = async (body: unknown, token?: string) => {
  const { status, body: answer } = await server.ask("evaluations", body, token);
  expect(status).toBe(200);
  return (answer as unknown as { evaluations: { decision: boolean; context?: Record<string, unknown> }[] }).evaluations;
};

describe("what cannot be read is a 400 with words", () => {
  const whole = may("anna", "read", open);
  it.each([
    ["no subject", { ...whole, subject: undefined }],
    ["no action", { ...whole, action: undefined }],
    ["no resource", { ...whole, resource: undefined }],
    ["a subject without type", { ...whole, subject: { id: "anna" } }],
    ["a subject without id", { ...whole, subject: { type: "user" } }],
    ["an action without name", { ...whole, action: {} }],
    ["a resource without type", { ...whole, resource: { id: open } }],
    ["a resource without id", { ...whole, resource: { type: "paper" } }],
    ["a subject that is a text", { ...whole, subject: "anna" }],
    ["an action whose name is a number", { ...whole, action: { name: 123 } }],
    ["an id of a megabyte", may("a".repeat(400_000), "read", open)],
    ["a time that is none", { ...whole, context: { time: "yesterday" } }],
    ["an address that is none", { ...whole, context: { ip: "10.0.0.999" } }],
    ["a list", [whole]],
  ])("%s", async (_, body) => {
    const { status, body: problem } = await server.ask("evaluation", body);
    expect([status, (problem as Record<string, unknown>).reason]).toEqual([400, "input.invalid"]);
    expect((problem as unknown as { problems: { message: string }[] }).problems[0]?.message).toBeTruthy();
  });

  it.each([
    ["text that is no JSON", "{ this is not", "application/json", "body.notJson"],
    ["JSON sent as text", JSON.stringify(may("anna", "read", open)), "text/plain", "body.notJson"],
    ["nothing", "", "application/json", "input.invalid"],
  ])("%s", async (_, body, type, reason) => {
    const answer = await server.send("/access/v1/evaluation", {
      method: "POST",
      body,
      headers: { "content-type": type },
    });
    expect([answer.status, (answer.body as Record<string, unknown>).reason]).toEqual([400, reason]);
  });

  it.each(["subject", "resource", "action"])("a search of a %s without what it needs", async (kind) => {
    const body = { subject: { type: "user" }, action: { name: "read" }, resource: { type: "paper" } };
    expect((await server.ask(`search/${kind}`, body)).status).toBe(400);
  });

  it("more questions at once than there may be, and a semantic that is none", async () => {
    const evaluations = Array.from({ length: 1_001 }, () => ({}));
    expect((await server.ask("evaluations", { ...may("anna", "read", open), evaluations })).status).toBe(400);
    const options = { evaluations_semantic: "majority" };
    expect((await server.ask("evaluations", { ...may("anna", "read", open), evaluations: [{}], options })).status).toBe(
      400,
    );
  });
});

it("ignores fields that it does not know, at every level", async () => {
  const body = {
    ...may("anna", "read", open, { foo: "bar", context: { weather: { rain: true } } }),
    subject: { ...user("anna"), nickname: "A" },
    futureField: { nested: true },
  };
  expect(await evaluate(body)).toEqual([200, true]);
});

it("gives the caller's X-Request-ID back, also with an error, and one of its own where there was none", async () => {
  const ask = (body: string, requestId?: string) =>
    server.send("/access/v1/evaluation", {
      method: "POST",
      body,
      headers: requestId === undefined ? {} : { "x-request-id": requestId },
    });
  const good = JSON.stringify(may("anna", "read", open));
  expect((await ask(good, "bfe9eb29 of / the caller")).headers.get("x-request-id")).toBe("bfe9eb29 of / the caller");
  expect((await ask("{", "second")).headers.get("x-request-id")).toBe("second");
  expect((await ask(good)).headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

it("publishes where its endpoints are, to anybody", async () => {
  const { status, headers, body } = await server.send("/.well-known/authzen-configuration", {}, "");
  expect([status, headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
  expect(body).toEqual({
    policy_decision_point: server.origin,
    access_evaluation_endpoint: `${server.origin}/access/v1/evaluation`,
    access_evaluations_endpoint: `${server.origin}/access/v1/evaluations`,
    search_subject_endpoint: `${server.origin}/access/v1/search/subject`,
    search_resource_endpoint: `${server.origin}/access/v1/search/resource`,
    search_action_endpoint: `${server.origin}/access/v1/search/action`,
  });
});

it("stands in the OpenAPI document under the addresses that the standard says", async () => {
  const { body } = await server.send("/api/openapi.json", {}, "");
  const paths = Object.keys((body as unknown as { paths: object }).paths);
  expect(paths).toContain("/access/v1/evaluation");
  expect(paths).toContain("/.well-known/authzen-configuration");
  expect(paths.filter((path) => path.startsWith("/api/access/v1"))).toEqual([]);
});

describe("many questions at once", () => {
  const three = [paper(open), paper(secret), paper(open)].map((resource) => ({ resource }));
  const top = { subject: user("anna"), action: { name: "read" }, evaluations: three };
  const decisions = async (evaluations_semantic?: string) =>
    (await evaluateAll({ ...top, ...(evaluations_semantic && { options: { evaluations_semantic } }) })).map(
      ({ decision }) => decision,
    );

  it("are all answered, in their order", async () => {
    expect(await decisions()).toEqual([true, false, true]);
    expect(await decisions("execute_all")).toEqual([true, false, true]);
  });

  it("end at the first denial, or at the first permission", async () => {
    expect(await decisions("deny_on_first_deny")).toEqual([true, false]);
    expect(await decisions("permit_on_first_permit")).toEqual([true]);
  });

  it("end in the middle of a hundred, too", async () => {
    const evaluations = Array.from({ length: 100 }, (_, at) => ({ resource: paper(at === 50 ? open : secret) }));
    const answers = await evaluateAll({
      ...top,
      evaluations,
      options: { evaluations_semantic: "permit_on_first_permit" },
    });
    expect([answers.length, answers.at(-1)?.decision]).toEqual([51, true]);
  });

  it("take an entity of their own whole, but for what it must have", async () => {
    const answers = await evaluateAll({
      subject: { type: "user" },
      action: { name: "read" },
      resource: paper(secret),
      evaluations: [
        { subject: { id: "boris" } },
        { subject: user("anna") },
        { subject: user("anna"), resource: { id: open } },
        { subject: user("anna"), resource: paper(open), action: { name: "edit" } },
      ],
    });
    expect(answers.map(({ decision }) => decision)).toEqual([true, false, true, true]);
  });

  it("take the context of their own instead of the one at the top", async () => {
    const context = { time: "2026-03-02T10:00Z", ip: "10.1.1.1" };
    const answers = await evaluateAll({
      ...may("anna", "transition:sign", open),
      context,
      evaluations: [
        {},
        { context: { ...context, ip: "192.0.2.1" } },
        { context: { ...context, time: "2026-03-02T20:00Z" } },
      ],
    });
    expect(answers.map(({ decision }) => decision)).toEqual([true, false, false]);
  });

  it("fail each by itself, closed, with why", async () => {
    const answers = await evaluateAll({
      subject: user("anna"),
      action: { name: "read" },
      evaluations: [{ resource: paper(open) }, {}, { resource: "paper" }],
    });
    expect(answers).toMatchObject([
      { decision: true },
      { decision: false, context: { error: { status: 400 } } },
      { decision: false, context: { error: { status: 400 } } },
    ]);
  });

  it("are one question where there are none, or no list", async () => {
    for (const more of [{}, { evaluations: [] }]) {
      const { status, body } = await server.ask("evaluations", { ...may("anna", "read", open), ...more });
      expect([status, body]).toEqual([200, { decision: true }]);
    }
  });

  it("may be a thousand", async () => {
    const evaluations = Array.from({ length: 1_000 }, (_, at) => ({ resource: paper(at % 2 === 0 ? open : newId()) }));
    expect((await evaluateAll({ ...top, evaluations })).length).toBe(1_000);
  });
});

describe("who and what", () => {
  it("a person is meant by id or by sign-in name, however it is written; a service by id or key", async () => {
    const id = server.personIds.get("anna") as string;
    for (const who of [id, "anna", "ANNA"]) expect(await evaluate(may(who, "read", open))).toEqual([200, true]);
    const subject = { type: "service", id: "client" };
    expect(await evaluate({ ...may("", "read", open), subject })).toEqual([200, false]);
  });

  it("who is unknown, switched off or of another kind is denied, and so is what is unknown, all with the same words", async () => {
    const questions = [
      may("nobody", "read", open),
      may("off", "read", open),
      { ...may("anna", "read", open), subject: { type: "robot", id: "anna" } },
      may("boris", "read", newId()),
      may("boris", "read", "no id of ours"),
      { ...may("boris", "read", open), resource: { type: "spaceship", id: open } },
      { ...may("boris", "read", open), resource: { type: "constructor", id: open } },
      may("anna", "read", secret),
    ];
    const answers = await Promise.all(questions.map((question) => server.ask("evaluation", question)));
    const [first] = answers;
    expect(first?.body).toMatchObject({ decision: false, context: { id: "not-visible" } });
    for (const { status, body } of answers) expect([status, body]).toEqual([200, first?.body]);
  });

  it("[POL-5] a denial names the policy and whom to ask, and no attribute and no value", async () => {
    const { body } = await server.ask("evaluation", may("boris", "edit", open));
    expect(body).toEqual({
      decision: false,
      context: {
        id: "no-allow",
        reason_user: { en: "The rules in force do not allow it.", ru: "Действующие правила этого не разрешают." },
        policy: { id: "edit-own", title: "Own papers", contact: "office" },
      },
    });
  });

  it("an unknown action is denied", async () => {
    expect(await evaluate(may("boris", "fly", open))).toEqual([200, false]);
  });

  it("a resource that is still to be made is described, by who may ask for all, and a record is not", async () => {
    const begun = (id: string, level: number) => ({
      ...may("anna", "create", id),
      resource: { ...paper(id), properties: { level } },
    });
    expect(await evaluate(begun("new", 1))).toEqual([200, true]);
    expect(await evaluate(begun("new", 2))).toEqual([200, false]);
    expect(await evaluate(begun(secret, 1))).toEqual([200, false]);
    expect(await evaluate(begun(newId(), 1))).toEqual([200, false]);
    expect(await evaluate(begun("new", 1), annas)).toEqual([200, false]);
  });

  it("a person as a resource is one of the directory", async () => {
    const question = { subject: user("anna"), action: { name: "read" }, resource: { type: "person", id: "boris" } };
    expect(await evaluate(question)).toEqual([200, false]);
  });
});

describe("who may ask", () => {
  it("nobody without a token, with words and with the scheme", async () => {
    const answer = await server.ask("evaluation", may("anna", "read", open), "");
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(await evaluate(may("anna", "read", open), "kv_wrong")).toEqual([401, "signIn.expired"]);
  });

  it("nobody whose token lacks the scope, whatever else it may", async () => {
    const token = await server.tokenOf("anna", ["read", "write", "admin"]);
    expect(await evaluate(may("anna", "read", open), token)).toEqual([403, "token.scope"]);
  });

  it("everybody about themselves, by id and by name", async () => {
    for (const who of ["anna", server.personIds.get("anna") as string]) {
      expect(await evaluate(may(who, "read", open), annas)).toEqual([200, true]);
      expect(await evaluate(may(who, "edit", open), annas)).toEqual([200, true]);
    }
    const { body } = await server.ask(
      "search/resource",
      { subject: user("anna"), action: { name: "read" }, resource: { type: "paper" } },
      annas,
    );
    expect(body.results).toEqual([paper(open)]);
  });

  it("nobody about others without the right, and the answer does not tell whether there is such a person", async () => {
    for (const who of ["boris", "nobody", "off", newId()]) {
      expect(await evaluate(may(who, "read", open), annas)).toEqual([403, "access.system"]);
      const search = { subject: user(who), action: { name: "read" }, resource: { type: "paper" } };
      expect((await server.ask("search/resource", search, annas)).status).toBe(403);
      expect((await server.ask("search/action", { ...search, resource: paper(open) }, annas)).status).toBe(403);
    }
    expect(
      (
        await server.ask(
          "search/subject",
          { subject: { type: "user" }, action: { name: "read" }, resource: paper(open) },
          annas,
        )
      ).status,
    ).toBe(403);
    const [own, others] = await evaluateAll(
      {
        action: { name: "read" },
        resource: paper(open),
        evaluations: [{ subject: user("anna") }, { subject: user("boris") }],
      },
      annas,
    );
    expect([own, others]).toMatchObject([{ decision: true }, { decision: false, context: { error: { status: 403 } } }]);
  });

  it.each([
    ["anna", secret],
    // Who is not cleared for this one could begin it: an action that does not need the right to read.
    ["dora", open],
  ])(
    "[VIS-2] %s learns nothing of a record that they may not read, whatever they ask for and suppose",
    async (who, id) => {
      const token = await server.tokenOf(who);
      const missing = newId();
      for (const action of ["read", "create", "edit", "transition:sign", "fly"])
        for (const more of [{}, { context: { time: "2026-03-02T10:00Z", ip: "10.1.1.1", channel: "console" } }]) {
          const hidden = await server.ask("evaluation", may(who, action, id, more), token);
          const none = await server.ask("evaluation", may(who, action, missing, more), token);
          expect(hidden.body).toMatchObject({ decision: false, context: { id: "not-visible" } });
          expect(hidden.body).toEqual(none.body);
        }
      const actions = (resource: string) =>
        server.ask("search/action", { subject: user(who), resource: paper(resource) }, token);
      expect((await actions(id)).body).toEqual((await actions(missing)).body);
      for (const name of ["read", "create", "edit", "transition:sign"]) {
        const question = { subject: user(who), action: { name }, resource: { type: "paper" } };
        const { status, body } = await server.ask("search/resource", question, token);
        expect(status).toBe(200);
        expect(JSON.stringify(body)).not.toContain(id);
      }
    },
  );

  it("a user cannot suppose another time or place, and is told so", async () => {
    const supposed = may("anna", "transition:sign", open, { context: { time: "2026-03-02T10:00Z", ip: "10.1.1.1" } });
    expect((await server.ask("evaluation", supposed, annas)).body).toMatchObject({
      decision: false,
      context: { ignored: ["context"] },
    });
    expect((await server.ask("evaluation", supposed)).body).toEqual({ decision: true });
  });

  it("a service without the right asks about itself only", async () => {
    const token = await server.serviceToken("plain", []);
    expect(await evaluate(may("anna", "read", open), token)).toEqual([403, "access.system"]);
    const subject = { type: "service", id: "plain" };
    expect(await evaluate({ ...may("", "create", open), subject }, token)).toEqual([200, false]);
    const alike = { type: "user", id: "plain" };
    expect(await evaluate({ ...may("", "create", open), subject: alike }, token)).toEqual([403, "access.system"]);
  });
});

it("[VIS-2] no search of subjects finds a service", async () => {
  const ids: string[] = [];
  for (const name of ["read", "create"]) {
    const body = { subject: { type: "user" }, action: { name }, resource: paper(open) };
    ids.push(...((await server.ask("search/subject", body)).body.results ?? []).map(({ id }) => id));
  }
  expect(ids).toContain("anna");
  expect(ids.filter((id) => /client|plain|service/.test(id))).toEqual([]);
  const services = { subject: { type: "service" }, action: { name: "read" }, resource: paper(open) };
  expect((await server.ask("search/subject", services)).body.results).toEqual([]);
});

import { randomUUID } from "node:crypto";
import type { Policy } from "@kontor/shared/access";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { onlyAdministered, ownersRead, startAdministrationServer } from "./administration.fixture.ts";

type AdministrationServer = Awaited<ReturnType<typeof startAdministrationServer>>;

let server: AdministrationServer;
beforeAll(async () => {
  server = await startAdministrationServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.pool.query("delete from policy_draft");
  await server.access.publish([ownersRead], server.people.root.id);
});

const inForce = () => String(server.access.published().rev);
const setsStored = async () => Number((await server.pool.query("select count(*) from policy_set")).rows[0].count);
const editorsEdit: Policy = { ...ownersRead, id: "editors-edit", title: "Editors edit", actions: ["edit"] };

async function begin(title = "Summer"): Promise<{ id: string; version: number; baseRev: string; policies: Policy[] }> {
  const { status, body } = await server.call("root", "POST", "/drafts", { title });
  expect(status).toBe(201);
  return body;
}

async function save(id: string, version: number, policies: readonly unknown[], title = "Summer") {
  return server.call("root", "PUT", `/drafts/${id}`, { title, version, policies });
}

describe("a draft", () => {
  it("[POL-8] begins with the set in force, without the policies that are part of every set", async () => {
    const draft = await begin();
    expect(draft).toMatchObject({ title: "Summer", version: 1, baseRev: inForce(), policies: [ownersRead] });
    const { body } = await server.call("vera", "GET", "/drafts");
    expect(body.drafts).toEqual([
      expect.objectContaining({ id: draft.id, updatedBy: { id: server.people.root.id, name: "root" } }),
    ]);
  });

  it("begins with an earlier version, and not with one that never was", async () => {
    const first = inForce();
    await server.access.publish([], server.people.root.id);
    const { body } = await server.call("root", "POST", "/drafts", { title: "Back", fromRev: first });
    expect(body).toMatchObject({ baseRev: first, policies: [ownersRead] });
    expect(await server.call("root", "POST", "/drafts", { title: "No", fromRev: "999999" })).toMatchObject({
      status: 404,
      body: { reason: "access.noVersion" },
    });
  });

  it("may be wrong, is kept as it was written, in the order it was written, and says what is wrong where", async () => {
    const { id } = await begin();
    const wrong = {
      when: { eq: ["obj.nope", "a"] },
      id: "wrong",
      title: "W",
      effect: "allow",
      resource: "contract",
      actions: ["fly"],
    };
    const policies = [ownersRead, wrong, "not even a policy"];
    expect((await save(id, 1, policies.slice(0, 2))).status).toBe(200);
    expect((await save(id, 2, policies)).status).toBe(422);
    const { body: kept } = await server.call("root", "GET", `/drafts/${id}`);
    expect(JSON.stringify(kept.policies[1])).toBe(JSON.stringify(wrong));
    const { body: found } = await server.call("root", "POST", `/drafts/${id}/check`);
    expect(found).toMatchObject({
      publishable: false,
      faults: [
        { policyId: "wrong", index: 1, place: ".actions[0]", words: expect.stringContaining('unknown action "fly"') },
        { policyId: "wrong", index: 1, place: ".when.eq[0]", words: expect.stringContaining("obj.nope") },
      ],
      examples: [],
    });
    expect((await server.call("root", "POST", "/check", { policies: kept.policies })).body).toEqual(found);
  });

  it("is saved over nobody's newer save: the second is told who was first and when, and nothing is lost", async () => {
    const { id } = await begin();
    const theirs = await server.call("vera", "PUT", `/drafts/${id}`, {
      title: "Vera's",
      version: 1,
      policies: [editorsEdit],
    });
    const mine = await save(id, 1, []);
    expect(mine).toMatchObject({
      status: 409,
      body: { reason: "access.draftSaved", params: { by: "vera", at: theirs.body.updatedAt, version: 2, yours: 1 } },
    });
    expect(mine.body.detail).toContain("vera saved this draft at");
    expect((await server.call("root", "GET", `/drafts/${id}`)).body).toEqual(theirs.body);
    const both = await Promise.all([save(id, 2, []), save(id, 2, [ownersRead])]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  });

  it("is thrown away with a note of who did it", async () => {
    const { id } = await begin("Never mind");
    expect((await server.call("vera", "DELETE", `/drafts/${id}`)).status).toBe(204);
    expect((await server.call("vera", "DELETE", `/drafts/${id}`)).status).toBe(404);
    expect((await server.audited("access.draftDeleted")).at(-1)).toMatchObject({ user_id: server.people.vera.id });
  });

  it("is nobody's who may not administer", async () => {
    const { id, version, baseRev } = await begin();
    const attempts = [
      ["GET", "/drafts"],
      ["POST", "/drafts", { title: "x" }],
      ["GET", `/drafts/${id}`],
      ["PUT", `/drafts/${id}`, { title: "x", version, policies: [] }],
      ["DELETE", `/drafts/${id}`],
      ["POST", `/drafts/${id}/check`],
      ["POST", "/check", { policies: [] }],
      ["POST", `/drafts/${id}/rebase`, { version }],
      ["POST", `/drafts/${id}/publish`, { version, baseRev, confirm: "Summer" }],
      ["GET", "/versions"],
      ["GET", `/versions/${baseRev}`],
      ["GET", `/diff?from=${baseRev}&to=${baseRev}`],
      ["POST", `/versions/${baseRev}/revert`, { baseRev, confirm: baseRev }],
      ["GET", "/vocabulary"],
      ["GET", "/values?of=person"],
      ["POST", "/view-as/records", { userId: server.people.root.id, type: "contract" }],
      ["POST", "/view-as/record", { userId: server.people.root.id, id: randomUUID() }],
    ] as const;
    for (const [method, path, body] of attempts)
      expect({ path, status: (await server.call("anna", method, path, body)).status }).toEqual({ path, status: 403 });
    expect((await server.call("anna", "GET", "/revertible")).body).toEqual({});
  });
});

describe("rebasing", () => {
  it("takes what others published meanwhile, keeps what the draft changed, and names what both changed", async () => {
    await server.access.publish([ownersRead, editorsEdit, { ...editorsEdit, id: "gone" }], server.people.root.id);
    const { id } = await begin();
    const mine = { ...ownersRead, title: "Mine" };
    const added = { ...ownersRead, id: "added-here" };
    await save(id, 1, [mine, editorsEdit, { ...editorsEdit, id: "gone" }, added]);
    const theirs = { ...editorsEdit, title: "Theirs" };
    await server.access.publish(
      [{ ...ownersRead, title: "Theirs, too" }, theirs, { ...ownersRead, id: "added-there" }],
      server.people.vera.id,
    );
    const { body } = await server.call("root", "POST", `/drafts/${id}/rebase`, { version: 2 });
    expect(body.conflicts).toEqual(["owners-read"]);
    expect(body.draft).toMatchObject({ version: 3, baseRev: inForce() });
    expect(body.draft.policies).toEqual([mine, theirs, added, { ...ownersRead, id: "added-there" }]);
  });

  it("is refused on a version that somebody saved over", async () => {
    const { id } = await begin();
    await save(id, 1, []);
    expect((await server.call("root", "POST", `/drafts/${id}/rebase`, { version: 1 })).status).toBe(409);
  });
});

describe("publishing a draft", () => {
  const publish = (who: "root" | "vera", id: string, version: number, baseRev: string, confirm = "Summer") =>
    server.call(who, "POST", `/drafts/${id}/publish`, { version, baseRev, confirm });

  it("[POL-8] puts it into force as a whole, with who, when and what in the audit log, and the draft is gone", async () => {
    const { id, baseRev } = await begin();
    await save(id, 1, [ownersRead, editorsEdit]);
    const { status, body } = await publish("root", id, 2, baseRev);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      rev: inForce(),
      source: "administrator",
      title: "Summer",
      policyCount: 2,
      inForce: true,
    });
    expect(server.access.engine().policies.map((policy) => policy.id)).toContain("editors-edit");
    expect((await server.call("root", "GET", `/drafts/${id}`)).status).toBe(404);
    expect((await server.audited("access.published")).at(-1)).toMatchObject({
      user_id: server.people.root.id,
      details: { rev: Number(body.rev), added: ["editors-edit"], before: Number(baseRev) },
    });
  });

  it("[POL-8] wants its title typed", async () => {
    const { id, baseRev } = await begin();
    expect(await publish("root", id, 1, baseRev, "yes")).toMatchObject({
      status: 422,
      body: { reason: "access.confirm" },
    });
    expect(inForce()).toBe(baseRev);
  });

  it("[POL-8] publish while another publishes: of two drafts at once exactly one wins, the other changes nothing", async () => {
    const [one, two] = [await begin("One"), await begin("Two")];
    await server.call("vera", "PUT", `/drafts/${two.id}`, { title: "Two", version: 1, policies: [editorsEdit] });
    const before = await setsStored();
    const replies = await Promise.all([
      publish("root", one.id, 1, one.baseRev, "One"),
      publish("vera", two.id, 2, two.baseRev, "Two"),
    ]);
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const loser = replies.find(({ status }) => status === 409);
    expect(loser?.body).toMatchObject({ reason: "access.publishedMeanwhile", params: { rev: Number(inForce()) } });
    expect(await setsStored()).toBe(before + 1);
    const { rows } = await server.pool.query("select title from policy_draft");
    expect(rows).toHaveLength(1); // the loser's draft, whole
  });

  it("[POL-8] of thirty at once, more than there are connections, one wins and nobody waits for ever", async () => {
    const drafts = await Promise.all(Array.from({ length: 30 }, (_, at) => begin(`D${at}`)));
    const replies = await Promise.all(drafts.map(({ id, baseRev }, at) => publish("root", id, 1, baseRev, `D${at}`)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ body }) => body.reason === "access.publishedMeanwhile")).toHaveLength(29);
  });

  it("[POL-8] is refused when another set came into force since it was begun, also if the caller says the new one", async () => {
    const { id, baseRev } = await begin();
    await server.access.publish([], server.people.vera.id);
    expect(await publish("root", id, 1, baseRev)).toMatchObject({ status: 409, body: { params: { by: "vera" } } });
    expect((await publish("root", id, 1, inForce())).status).toBe(409);
    await server.call("root", "POST", `/drafts/${id}/rebase`, { version: 1 });
    expect((await publish("root", id, 2, inForce())).status).toBe(200);
  });

  it("refuses a version that somebody saved over", async () => {
    const { id, baseRev } = await begin();
    await save(id, 1, []);
    expect(await publish("root", id, 1, baseRev)).toMatchObject({ status: 409, body: { reason: "access.draftSaved" } });
  });

  it("[POL-9] refuses a draft that removes the last administrator, in its check and when it is published", async () => {
    const { id, baseRev } = await begin();
    await save(id, 1, [onlyAdministered(randomUUID())]);
    expect((await server.call("root", "POST", `/drafts/${id}/check`)).body).toMatchObject({
      publishable: false,
      faults: [{ place: "", words: expect.stringContaining("no active administrator") }],
    });
    expect(await publish("root", id, 2, baseRev)).toMatchObject({ status: 422, body: { reason: "access.lockOut" } });
    expect(inForce()).toBe(baseRev);
  });

  it("[POL-8] refuses a draft of which an example fails, and says which", async () => {
    const { id, baseRev } = await begin();
    const example = {
      name: "strangers",
      subject: { id: "a" },
      action: "read",
      resource: { owner: "b" },
      expect: "allow",
    };
    await save(id, 1, [{ ...ownersRead, examples: [{ ...example, expect: "deny" }, example] }]);
    expect((await server.call("root", "POST", `/drafts/${id}/check`)).body).toMatchObject({
      publishable: false,
      faults: [],
      examples: [
        { index: 0, passed: true },
        { policyId: "owners-read", index: 1, name: "strangers", passed: false },
      ],
    });
    expect(await publish("root", id, 2, baseRev)).toMatchObject({
      status: 422,
      body: { reason: "access.examples", problems: [{ field: "owners-read.examples[1]" }] },
    });
    expect((await server.call("root", "GET", `/drafts/${id}`)).body.version).toBe(2);
  });
});

describe("bad input is refused with its place in words:", () => {
  const check = async (...policies: readonly unknown[]) =>
    (await server.call("root", "POST", "/check", { policies })).body.faults;
  const when = (condition: unknown) => ({ ...ownersRead, when: condition });

  it.each([
    ["an unknown operator", when({ equals: ["obj.owner", "a"] }), ".when", "equals"],
    ["an unknown attribute", when({ and: [{ eq: ["obj.nope", "a"] }] }), ".when.and[0].eq[0]", "obj.nope"],
    ["a wrong type", when({ lt: ["obj.level", "three"] }), ".when.lt[1]", "number"],
    ["an unknown field in a mask", { ...ownersRead, mask: { "pay.nope": "omit" } }, '.mask["pay.nope"]', "salary"],
    ["a built-in policy's id", { ...ownersRead, id: "administrators-administer" }, ".id", "part of every set"],
    ["an unknown part", { ...ownersRead, wehn: {} }, "", "wehn"],
  ])("%s", async (_, policy, place, words) => {
    const isReserved = policy.id !== ownersRead.id;
    const [fault] = await check(ownersRead, { ...policy, id: isReserved ? policy.id : "other" });
    expect(fault).toMatchObject({ index: 1, place });
    expect(fault?.words).toContain(words);
  });

  it("a policy of 10,000 conditions", async () => {
    const [fault] = await check(when({ or: Array.from({ length: 10_000 }, () => ({ eq: ["obj.owner", "sub.id"] })) }));
    expect(fault).toMatchObject({
      index: 0,
      place: expect.stringContaining(".when"),
      words: expect.stringContaining("500"),
    });
  });

  it("conditions nested deeper than anybody reads, and deeper than a body may be", async () => {
    const nested = (levels: number) =>
      Array.from({ length: levels }).reduce<unknown>((inner) => ({ not: inner }), { eq: ["obj.owner", "sub.id"] });
    expect((await check(when(nested(60))))[0]?.words).toContain("deep");
    expect(await server.call("root", "POST", "/check", { policies: [when(nested(1_000))] })).toMatchObject({
      status: 422,
      body: { reason: "body.tooDeep" },
    });
  });

  it("a pattern that would be a bomb is a pattern that only says `*`, or is too long", async () => {
    const bomb = `${"*a".repeat(500)}*b`;
    expect((await check({ ...when({ matches: ["obj.state", bomb] }) }))[0]).toMatchObject({
      place: ".when.matches[1]",
    });
  });

  it("more than 2,000 policies; and 2,000 with conditions and examples fit", async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, at) => ({
        ...ownersRead,
        id: `policy-${at}`,
        title: { en: "Owners read what they have".repeat(4), ru: "Владельцы читают своё".repeat(4) },
        examples: [
          {
            name: "one's own",
            subject: { id: "a" },
            action: "read",
            resource: { owner: "a", state: "draft" },
            expect: "allow",
          },
          { name: "not another's", subject: { id: "b" }, action: "read", resource: { owner: "a" }, expect: "deny" },
        ],
      }));
    const { id, baseRev } = await begin();
    expect((await save(id, 1, many(2_000))).status).toBe(200);
    expect(
      (await server.call("root", "POST", `/drafts/${id}/publish`, { version: 2, baseRev, confirm: "Summer" })).status,
    ).toBe(200);
    expect(server.access.engine().policies).toHaveLength(2_001);
    const tooMany = await save(randomUUID(), 1, many(2_001));
    expect(tooMany).toMatchObject({ status: 422, body: { problems: [{ field: "policies", limit: 2_000 }] } });
  });

  it("a body beyond 8 MiB", async () => {
    const body = { policies: [{ ...ownersRead, title: "x".repeat(9 << 20) }] };
    expect(await server.call("root", "POST", "/check", body)).toMatchObject({
      status: 413,
      body: { reason: "body.tooLarge" },
    });
  });

  it("what is no JSON value that can be kept, without anything saved", async () => {
    const { id } = await begin();
    const reply = await server.call("root", "PUT", `/drafts/${id}`, { title: "a\u0000b", version: 1, policies: [] });
    expect(reply).toMatchObject({ status: 422, body: { reason: "text.unstorable" } });
    expect((await server.call("root", "GET", `/drafts/${id}`)).body.version).toBe(1);
  });
});

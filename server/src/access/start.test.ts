import type { Context, Policy, ResourceType } from "@kontor/shared/access";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { contract, onlyAdministered, ownersRead, startAdministrationServer } from "./administration.fixture.ts";
import type { AccessDeps, AccessService } from "./index.ts";

let server: Awaited<ReturnType<typeof startAdministrationServer>>;
beforeAll(async () => {
  server = await startAdministrationServer();
});
afterAll(() => server.stop());

const started: AccessService[] = [];
/** The server after a restart: with other types, or other packs. */
async function restart(changes: Partial<AccessDeps>): Promise<AccessService> {
  const access = await server.startNode(changes);
  started.push(access);
  return access;
}
beforeEach(async () => {
  await server.pool.query("truncate policy_set restart identity; delete from policy_draft");
});
afterEach(() => {
  for (const access of started.splice(0)) access.close();
});

const context: Context = { time: "2026-11-21T10:00:00.000Z", channel: "console" };
const idsOf = (access: AccessService) => access.policies().map((policy) => (policy as Policy).id);
const setsStored = async () =>
  (await server.pool.query("select rev, source, title from policy_set order by rev")).rows as {
    rev: number;
    source: string;
  }[];

describe("a set in force that no longer fits the types", () => {
  const may = (access: AccessService, action: string, attributes: Record<string, string | number>, type = "contract") =>
    access.engine().may(server.people.anna, action, { type, attributes }, context).allowed;
  const field = (access: AccessService, name: string) =>
    access.engine().accessTo(server.people.anna, { type: "contract", attributes: {} }, context).field(name);
  const allow = (policy: Partial<Policy>): Policy => ({
    id: "a",
    title: "A",
    effect: "allow",
    resource: "contract",
    actions: ["read"],
    ...policy,
  });
  const deny = (policy: Partial<Policy>): Policy => ({
    ...allow(policy),
    id: "d",
    title: "D",
    effect: "deny",
    ...policy,
  });

  /** Publishes with the types as they are, and starts again with other ones. */
  async function after(policies: readonly Policy[], changed: readonly ResourceType[], packs: readonly Policy[] = []) {
    const before = await restart({ policies: packs });
    await before.publish(policies, server.people.root.id);
    return restart({ policies: packs, resources: changed });
  }
  const without = (attribute: string): ResourceType => {
    const { [attribute]: _, ...attributes } = contract.attributes;
    return { ...contract, attributes };
  };

  it("does not keep the server from starting: an allow that mentions what is gone does not apply", async () => {
    const access = await after(
      [
        allow({ when: { eq: ["obj.state", "open"] } }),
        allow({ id: "b", actions: ["edit", "read"], when: { lt: ["obj.level", 3] } }),
      ],
      [without("state")],
    );
    expect(may(access, "read", { state: "open", level: 7 })).toBe(false);
    expect(may(access, "read", { level: 1 })).toBe(true);
    expect(access.stale()).toMatchObject([{ policyId: "a", index: 0, place: ".when.eq[0]", effect: "not-applied" }]);
    expect(idsOf(access)).toEqual(["a", "b"]); // as written, to be mended
    expect((await server.call("root", "GET", "/policies")).body).toMatchObject({ source: "administrator" });
  });

  it("a deny that mentions what is gone denies its actions as a whole, whatever its sections and condition were", async () => {
    const access = await after(
      [
        allow({ actions: ["*"] }),
        deny({ actions: ["edit"], sections: ["pay"], when: { eq: ["obj.state", "closed"] } }),
      ],
      [without("state")],
    );
    expect(may(access, "edit", { level: 1 })).toBe(false);
    expect(may(access, "read", { level: 1 })).toBe(true);
    expect(access.stale()).toMatchObject([{ policyId: "d", effect: "denies-whole" }]);
  });

  it("a deny of an action that is gone denies all of its family, and one without a family everything", async () => {
    const actions = ["read", "edit", "transition:approve"];
    const family = await after(
      [allow({ actions: ["*"] }), deny({ actions: ["transition:sign"] })],
      [{ ...contract, actions }],
    );
    expect(["read", "edit", "transition:approve"].map((action) => may(family, action, {}))).toEqual([
      true,
      true,
      false,
    ]);
    await server.pool.query("truncate policy_set restart identity");
    const all = await after(
      [allow({ actions: ["*"] }), deny({ actions: ["edit"] })],
      [{ ...contract, actions: ["read", "write"] }],
    );
    expect(["read", "write"].map((action) => may(all, action, {}))).toEqual([false, false]);
  });

  it("an allow whose mask names a field that moved shows nothing, and not the field without its mask", async () => {
    const moved: ResourceType = { ...contract, sections: { main: ["title"], money: ["salary"] } };
    const access = await after(
      [allow({ mask: { "pay.salary": { redact: "all" } } }), allow({ id: "b", sections: ["main"] })],
      [moved],
    );
    expect(["title", "salary"].map((name) => field(access, name))).toEqual(["visible", "absent"]);
  });

  it("of a policy for every type, only what is said of the types that it does not fit is set aside", async () => {
    const letter: ResourceType = { ...contract, name: "letter" };
    const bare: ResourceType = { ...letter, name: "note", attributes: { owner: "id" } };
    const open = deny({ resource: "*", actions: ["edit"], when: { eq: ["obj.state", "closed"] } });
    const access = await after([allow({ resource: "*", actions: ["*"] }), open], [contract, letter, bare]);
    expect(may(access, "edit", { state: "open" })).toBe(true);
    expect(may(access, "edit", { state: "closed" }, "letter")).toBe(false);
    expect(may(access, "edit", { state: "open" }, "note")).toBe(false);
    expect(may(access, "read", { state: "open" }, "note")).toBe(true);
  });

  it("what is said of a type that is gone has no effect, and says so", async () => {
    const access = await after([deny({}), allow({})], [{ ...contract, name: "agreement" }]);
    expect(access.stale()).toMatchObject([
      { policyId: "d", place: ".resource", effect: "denies-whole" },
      { policyId: "a", place: ".resource", effect: "not-applied" },
    ]);
  });

  it("an example about what is gone takes nothing from its policy", async () => {
    const example = { subject: {}, action: "read", resource: { state: "x" }, expect: "allow" } as const;
    const access = await after([allow({ examples: [example] })], [without("state")]);
    expect(may(access, "read", {})).toBe(true);
    expect(access.stale()).toMatchObject([{ place: ".examples[0].resource", effect: "examples-dropped" }]);
  });

  it("[POL-9] faulty denies of the server itself lock nobody out", async () => {
    const access = await restart({ policies: [ownersRead] });
    await access.publish([], server.people.root.id);
    const strict = deny({
      id: "strict",
      resource: "system",
      actions: ["administer"],
      when: { gt: ["sub.clearance", 3] },
    });
    await server.pool.query("update policy_set set policies = $1 where rev = 2", [JSON.stringify([strict])]);
    const restarted = await restart({ policies: [ownersRead] });
    expect(restarted.stale()).toMatchObject([{ policyId: "strict" }]);
    expect(
      restarted.engine().may(server.people.root, "administer", { type: "system", attributes: {} }, context).allowed,
    ).toBe(true);
  });

  it("shows its faults to administrators, cannot be published as it is, and is mended by a draft", async () => {
    const access = await after([allow({ when: { eq: ["obj.state", "open"] } })], [without("state")]);
    const check = await access.check(access.policies());
    expect(check).toMatchObject({ publishable: false, faults: [{ policyId: "a", place: ".when.eq[0]" }] });
    await access.publish([allow({})], server.people.root.id);
    expect(access.stale()).toEqual([]);
  });
});

describe("types that change under a set that still fits", () => {
  it("[VIS-5] make a new version of it, so that every device is looked at again; its author stays its author", async () => {
    const first = await restart({ policies: [] });
    await first.publish([ownersRead], server.people.root.id);
    const moved = { resources: [{ ...contract, sections: { main: ["title", "salary"] } }], policies: [] };
    const second = await restart(moved);
    expect(second.published()).toMatchObject({ rev: 3, source: "administrator", publishedBy: server.people.root.id });
    expect((await restart(moved)).published().rev).toBe(3);
    await vi.waitFor(() => expect(first.engine().rev).toBe("3"));
  });
});

describe("[POL-8] packs that change while an administrator's set is in force", () => {
  const pack = (id: string, title = id): Policy => ({ ...ownersRead, id, title });
  const before = [pack("one"), pack("two"), pack("three")];

  it("are merged into it: what the administrator did not touch follows the packs, what they did stays theirs", async () => {
    const first = await restart({ policies: before });
    await first.publish([pack("one", "Mine"), pack("two"), pack("three"), pack("own")], server.people.root.id);
    const second = await restart({ policies: [pack("one"), pack("two", "Packs'"), pack("new")] });
    expect(second.policies()).toEqual([pack("one", "Mine"), pack("two", "Packs'"), pack("own"), pack("new")]);
    expect(await setsStored()).toMatchObject([
      { source: "packs" },
      { source: "administrator" },
      { source: "packs" },
      { source: "administrator" },
    ]);
    expect((await server.audited("access.published")).at(-1)).toMatchObject({
      details: { mergedWithPacks: true, conflicts: [] },
    });
    expect((await restart({ policies: [pack("one"), pack("two", "Packs'"), pack("new")] })).engine().rev).toBe("4");
  });

  it("where both changed a policy, the administrator's stays; a later change of the packs is compared with the packs", async () => {
    const first = await restart({ policies: before });
    await first.publish([pack("one", "Mine"), pack("three")], server.people.root.id);
    const packs = [pack("one", "Packs'"), pack("two", "Packs'"), pack("three")];
    const second = await restart({ policies: packs });
    expect(second.policies()).toEqual([pack("one", "Mine"), pack("three")]);
    const third = await restart({ policies: [...packs.slice(0, 2), pack("three", "New")] });
    expect(third.policies()).toEqual([pack("one", "Mine"), pack("three", "New")]);
  });

  it("that do not fit together leave the administrator's set in force, and a draft that says why", async () => {
    const first = await restart({ policies: before });
    const example = { subject: { id: "a" }, action: "edit", resource: { owner: "a" }, expect: "deny" } as const;
    const own = { ...pack("own"), examples: [example] };
    await first.publish([...before, own], server.people.root.id);
    const second = await restart({
      policies: [{ ...pack("one"), actions: ["read", "edit"] }, pack("two"), pack("three")],
    });
    expect(second.policies()).toEqual([...before, own]);
    expect(second.published().publishedBy).toBe(server.people.root.id);
    const { body } = await server.call("root", "GET", "/drafts");
    expect(body.drafts).toMatchObject([
      { baseRev: String(second.published().rev), note: expect.stringContaining("own.examples[0]") },
    ]);
    const { body: draft } = await server.call("root", "GET", `/drafts/${body.drafts[0]?.id}`);
    expect(draft.policies.map(({ id }) => id)).toEqual(["one", "two", "three", "own"]);
    expect(draft.policies[0]?.actions).toEqual(["read", "edit"]);
  });

  it("[POL-9] that would lock out everybody do not start, and nothing is published", async () => {
    const first = await restart({ policies: before });
    await first.publish([], server.people.root.id);
    await expect(restart({ policies: [onlyAdministered()] })).rejects.toMatchObject({
      details: { reason: "access.lockOut" },
    });
    expect(await setsStored()).toHaveLength(2);
  });
});

import type { Policy } from "@kontor/shared/access";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { onlyAdministered, ownersRead, startAdministrationServer } from "./administration.fixture.ts";

let server: Awaited<ReturnType<typeof startAdministrationServer>>;
beforeAll(async () => {
  server = await startAdministrationServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.access.publish([ownersRead], server.people.root.id);
});

const inForce = () => String(server.access.published().rev);
const ids = () => server.access.policies().map((policy) => (policy as Policy).id);
const publish = async (policies: readonly unknown[], who: "root" | "vera" = "root") =>
  (await server.access.publish(policies, server.people[who].id)).rev;
const takeBack = (who: "root" | "anna", confirm: string, baseRev = inForce()) =>
  server.call(who, "POST", "/take-back", { baseRev, confirm });
const revert = (who: "root" | "vera" | "anna", rev: string, baseRev = inForce(), confirm = rev) =>
  server.call(who, "POST", `/versions/${rev}/revert`, { baseRev, confirm });

it("lists every set that was published, newest first, page by page", async () => {
  const [one, two] = [await publish([]), await publish([ownersRead])];
  const first = await server.call("root", "GET", "/versions?limit=2");
  expect(first.body.versions).toMatchObject([
    { rev: two, policyCount: 1, inForce: true, source: "administrator", publishedBy: { name: "root" } },
    { rev: one, policyCount: 0, inForce: false },
  ]);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await server.call(
      "root",
      "GET",
      `/versions?limit=2${cursor === undefined ? "" : `&cursor=${cursor}`}`,
    );
    seen.push(...page.body.versions.map(({ rev }: { rev: string }) => rev));
    cursor = page.body.nextCursor;
  } while (cursor !== undefined);
  const { rows } = await server.pool.query<{ rev: number }>("select rev from policy_set order by rev desc");
  expect(seen).toEqual(rows.map(({ rev }) => String(rev)));
});

it("shows one with its policies, and what differs between two, place by place", async () => {
  const before = inForce();
  const changed = {
    ...ownersRead,
    actions: ["read", "edit"],
    when: { and: [ownersRead.when, { eq: ["obj.state", "x"] }] },
  };
  const after = await publish([changed, { ...ownersRead, id: "new" }]);
  expect((await server.call("root", "GET", `/versions/${before}`)).body.policies).toEqual([ownersRead]);
  const { body } = await server.call("root", "GET", `/diff?from=${before}&to=${after}`);
  expect(body).toEqual({
    added: [{ ...ownersRead, id: "new" }],
    removed: [],
    changed: [
      {
        id: "owners-read",
        before: ownersRead,
        after: changed,
        places: [
          { place: ".actions[1]", after: "edit" },
          { place: ".when.eq", before: ["obj.owner", "sub.id"] },
          { place: ".when.and", after: changed.when.and },
        ],
      },
    ],
  });
  expect((await server.call("root", "GET", `/diff?from=${before}&to=nonsense`)).status).toBe(422);
  expect((await server.call("root", "GET", `/diff?from=${before}&to=999999`)).status).toBe(404);
  expect((await server.call("root", "GET", "/versions/999999")).status).toBe(404);
});

describe("going back", () => {
  it("[POL-8] publishes what a version said, as a new one, and notes it", async () => {
    const before = inForce();
    await publish([]);
    const { status, body } = await revert("vera", before);
    expect(status).toBe(200);
    expect(body).toMatchObject({ source: "revert", revertOf: before, inForce: true, publishedBy: { name: "vera" } });
    expect(ids()).toEqual(["owners-read"]);
    expect((await server.audited("access.reverted")).at(-1)).toMatchObject({
      user_id: server.people.vera.id,
      details: { rev: Number(body.rev), revertOf: Number(before), added: ["owners-read"] },
    });
  });

  it("wants the number typed, and nothing published meanwhile", async () => {
    const [before, base] = [inForce(), await publish([])];
    expect(await revert("root", before, base, "yes")).toMatchObject({
      status: 422,
      body: { reason: "access.confirm" },
    });
    await publish([], "vera");
    expect(await revert("root", before, base)).toMatchObject({
      status: 409,
      body: { reason: "access.publishedMeanwhile" },
    });
    expect(await revert("root", inForce())).toMatchObject({ status: 422, body: { reason: "access.inForce" } });
  });

  it("[POL-8] asks the types and the examples of today", async () => {
    await server.pool.query(
      `insert into policy_set (policies, source, sha256, policy_count)
       values ('[{"id":"old","title":"Old","effect":"allow","resource":"contract","actions":["fly"]}]', 'administrator', 'x', 1)`,
    );
    const old = (await server.pool.query("select max(rev) as rev from policy_set")).rows[0].rev as number;
    await publish([ownersRead]);
    expect(await revert("root", String(old))).toMatchObject({
      status: 422,
      body: { reason: "access.policies", problems: [{ field: "policies[0].actions[0]" }] },
    });
    expect(ids()).toEqual(["owners-read"]);
  });

  it("[POL-9] is always open to who published the set in force, also when it took their own right to administer", async () => {
    const before = inForce();
    await publish([ownersRead, onlyAdministered(server.people.vera.id)]);
    expect((await server.call("root", "GET", "/versions")).status).toBe(403);
    expect((await server.call("root", "GET", "/revertible")).body).toMatchObject({
      inForce: { rev: inForce() },
      previous: { rev: before },
    });
    expect((await revert("root", before)).status).toBe(403);
    expect(await takeBack("root", "yes")).toMatchObject({ status: 422, body: { reason: "access.confirm" } });
    expect(await takeBack("root", before)).toMatchObject({ status: 200, body: { source: "revert", revertOf: before } });
    expect((await server.call("root", "GET", "/versions")).status).toBe(200);
    expect((await server.audited("access.reverted")).at(-1)).toMatchObject({ user_id: server.people.root.id });
  });

  it("[POL-9] and to nobody else without the right, nor to another version, nor when another set is in force", async () => {
    const older = inForce();
    const before = await publish([]);
    await publish([ownersRead, onlyAdministered(server.people.vera.id)]);
    expect((await takeBack("anna", before)).status).toBe(403);
    expect((await takeBack("root", older)).status).toBe(422);
    expect((await takeBack("root", before, older)).status).toBe(409);
    expect((await revert("root", older)).status).toBe(403);
    await publish([onlyAdministered(server.people.vera.id)], "vera");
    expect((await server.call("root", "GET", "/revertible")).body).toEqual({});
    expect((await takeBack("root", String(Number(inForce()) - 1))).status).toBe(403);
    expect((await revert("vera", older)).status).toBe(200);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAccessEngine, faultsToText, parsePolicies, type Condition } from "@kontor/shared/access";
import { newId } from "@kontor/shared/base";
import { resourcesOfRows, type Actor, type Database } from "#kernel";
import { createTestDatabase, type TestDatabase } from "#testing";
import { listRecords } from "./listRecords.ts";
import { objectCollections } from "./objects.collections.ts";
import { actor, apply, rowOf, seedPeople, types } from "./objects.fixture.ts";
import { findRecords } from "./objects.repo.ts";
import { createRecordAccess } from "./record.port.ts";
import { objectTypeResource, resourceOfRow, resourcesOf, resourceTypesOf } from "./resource.ts";
import { saveTypes } from "./typeRegistry.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedPeople(test.db);
  await saveTypes(test.db, types);
});
afterAll(() => test.drop());

const resources = [...resourceTypesOf(types.all()), objectTypeResource];

/** Everybody may do everything with partners, and with deals under this condition. */
function engineWith(when: Condition | undefined) {
  const open = { effect: "allow", actions: ["*"], title: "t" };
  const parsed = parsePolicies(
    [
      { ...open, id: "rest", resource: "partner" },
      { ...open, id: "types", resource: "objectType" },
      { ...open, id: "deals", resource: "deal", when },
    ],
    resources,
  );
  if (!parsed.ok) throw new Error(faultsToText(parsed.faults));
  return createAccessEngine({ policies: parsed.policies, resources, rev: "test" });
}

const open = engineWith(undefined);
const ofTrusted = engineWith({ eq: ["obj.partner.secret", false] });
const as = (engine: typeof open): Actor => ({ ...actor("ann"), engine });

async function create(type: "deal" | "partner", fields: Record<string, string | boolean | null>, engine = open) {
  const id = newId();
  await apply(test.db, as(engine), "record.create", id, { type, fields });
  return id;
}
const aPartner = (secret: boolean) => create("partner", { name: "P", secret });
const aDeal = (partner: string | undefined, engine = open) =>
  create("deal", { subject: "S", ...(partner !== undefined && { partner }) }, engine);

const records = objectCollections({ types }).find(({ name }) => name === "records");
if (!records || records.access.kind !== "policy") throw new Error("records are decided by policy");
const { access, dependents } = records;

const isReadable = async (engine: typeof open, id: string) => {
  const { subject, context } = as(engine);
  return engine.accessTo(subject, await resourceOfRow(test.db, engine, await rowOf(test.db, id)), context).readable;
};
const listed = async (engine: typeof open) => {
  const page = await listRecords(test.db, { type: "deal", limit: 200, deleted: "false" }, as(engine), types);
  return new Set(page.records.map(({ id }) => id));
};

describe("attributes one relation away", () => {
  it("[POL-4] are the same to lists, to single records, to the feed and to files", async () => {
    const [trusted, hidden] = [await aPartner(false), await aPartner(true)];
    const deals = [await aDeal(trusted), await aDeal(hidden), await aDeal(undefined)];
    const { subject, context } = as(ofTrusted);
    const rows = await findRecords(test.db, deals);
    const ofFeed = await resourcesOfRows(access, { db: test.db, rows, engine: ofTrusted });
    const inFeed = rows.filter((_, index) => {
      const resource = ofFeed[index];
      return resource && ofTrusted.accessTo(subject, resource, context).readable;
    });
    expect(inFeed.map(({ id }) => id)).toEqual([deals[0]]);
    expect(await Promise.all(deals.map((id) => isReadable(ofTrusted, id)))).toEqual([true, false, false]);
    const list = await listed(ofTrusted);
    expect(deals.map((id) => list.has(id))).toEqual([true, false, false]);
    const files = createRecordAccess({ types });
    const parents = await Promise.all(deals.map((id) => files.accessTo(test.db, as(ofTrusted), id)));
    expect(parents.map((parent) => parent !== undefined)).toEqual([true, false, false]);
  });

  it("[POL-3] are missing where the record is in the trash", async () => {
    const partner = await aPartner(false);
    const deal = await aDeal(partner);
    expect(await isReadable(ofTrusted, deal)).toBe(true);
    await apply(test.db, as(open), "record.delete", partner, {});
    expect([await isReadable(ofTrusted, deal), (await listed(ofTrusted)).has(deal)]).toEqual([false, false]);
    await apply(test.db, as(open), "record.restore", partner, {});
    expect([await isReadable(ofTrusted, deal), (await listed(ofTrusted)).has(deal)]).toEqual([true, true]);
  });

  it("[POL-3] are missing where the id is of another type, of nothing, or no id", async () => {
    const exists = engineWith({ exists: "obj.partner.id" });
    const deal = await aDeal(await aPartner(false));
    expect([await isReadable(exists, deal), (await listed(exists)).has(deal)]).toEqual([true, true]);
    for (const value of [await aDeal(undefined), newId(), "x", deal.toUpperCase()]) {
      const fields = { ...(await rowOf(test.db, deal)).fields, partner: value };
      await test.pool.query("update record set fields = $1 where id = $2", [JSON.stringify(fields), deal]);
      expect([value, await isReadable(exists, deal), (await listed(exists)).has(deal)]).toEqual([value, false, false]);
    }
  });

  it("have what every record has, besides its fields", async () => {
    const partner = await aPartner(false);
    const deal = await aDeal(partner);
    for (const [attribute, value] of [
      ["obj.partner.owner", "sub.id"],
      ["obj.partner.createdBy", "sub.id"],
      ["obj.partner.department", "sub.department"],
      ["obj.partner.deleted", false],
      ["obj.partner.id", partner],
      ["obj.partner.name", "P"],
    ] as const) {
      const engine = engineWith({ eq: [attribute, value] });
      const expected =
        attribute === "obj.partner.department" ? (await rowOf(test.db, partner)).department !== null : true;
      expect([attribute, await isReadable(engine, deal)]).toEqual([attribute, expected]);
      expect([attribute, (await listed(engine)).has(deal)]).toEqual([attribute, expected]);
    }
  });

  it("come from the record that is named while a record is made, and from the new one when it changes", async () => {
    const [trusted, hidden] = [await aPartner(false), await aPartner(true)];
    await expect(aDeal(hidden, ofTrusted)).rejects.toMatchObject({ details: { reason: "record.create.forbidden" } });
    const deal = await aDeal(trusted, ofTrusted);
    await apply(test.db, as(ofTrusted), "record.edit", deal, { set: { partner: hidden }, base: {} });
    expect(await isReadable(ofTrusted, deal)).toBe(false);
    await expect(
      apply(test.db, as(ofTrusted), "record.edit", deal, { set: { subject: "T" }, base: {} }),
    ).rejects.toMatchObject({ details: { reason: "record.notFound" } });
  });

  it("are read in one statement for all rows, and in none where no policy asks", async () => {
    const partner = await aPartner(false);
    const rows = await findRecords(test.db, [await aDeal(partner), await aDeal(await aPartner(true)), partner]);
    let statements = 0;
    const counting = test.db.withPlugin({
      transformQuery({ node }) {
        statements += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    }) as unknown as Database;
    await resourcesOf(counting, open, rows);
    expect(statements).toBe(0);
    const loaded = await resourcesOf(counting, ofTrusted, rows);
    expect(statements).toBe(1);
    expect(loaded.map(({ attributes }) => attributes["partner.secret"]).toSorted()).toEqual([false, true, undefined]);
  });
});

describe("[POL-11] a change of the related record", () => {
  it("names the records on which policies decide by it, and no others", async () => {
    const partner = await aPartner(false);
    const [first, second, other] = [await aDeal(partner), await aDeal(partner), await aDeal(await aPartner(false))];
    const related = newId();
    const args = { type: "deal", fields: { subject: "R", related: [first] } };
    await apply(test.db, as(open), "record.create", related, args);
    expect(new Set(await dependents?.(test.db, [partner], ofTrusted))).toEqual(new Set([first, second]));
    expect(await dependents?.(test.db, [other, first], ofTrusted)).toEqual([]);
    expect(await dependents?.(test.db, [partner], open)).toEqual([]);
  });
});

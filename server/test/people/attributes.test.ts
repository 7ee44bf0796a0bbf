import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultsOfSubjectAttributes } from "@kontor/shared/people";
import { loadSubject } from "#people";
import { startPeopleServer, type Answer, type PeopleServer } from "./peopleServer.ts";

let server: PeopleServer;
beforeAll(async () => {
  server = await startPeopleServer();
});
afterAll(() => server.stop());

const problemsOf = ({ status, body }: Answer) => [
  status,
  ((body.problems ?? []) as { field: string; reason: string }[]).map(({ field, reason }) => `${field} ${reason}`),
];
const change = (id: string, attributes: object) => server.manage("PATCH", `/people/${id}`, { attributes });
const attributesOf = async (id: string) => (await loadSubject(server.db, id))?.attributes;

describe("attributes of a person", () => {
  it("are listed for whoever sets them, with their kinds and words", async () => {
    const { body } = await server.manage("GET", "/subject-attributes");
    expect(body).toMatchObject([
      {
        name: "clearance",
        kind: "number",
        label: { en: "Clearance", ru: "Допуск" },
        options: [{ value: 0 }, {}, {}, {}],
      },
      { name: "sites", kind: "texts" },
      { name: "cleared", kind: "boolean" },
      { name: "clearedUntil", kind: "date" },
    ]);
  });

  it("are set when the person is added, and by name afterwards; null takes one away, and the others stay", async () => {
    const added = await server.manage("POST", "/people", {
      login: "attributed",
      name: "A",
      attributes: { clearance: 1, sites: ["Hamburg", "Hamburg", "Saint Petersburg"] },
    });
    const id = added.body.id as string;
    expect(await attributesOf(id)).toEqual({ clearance: 1, sites: ["Hamburg", "Saint Petersburg"] });
    expect((await change(id, { clearance: 3, cleared: true, clearedUntil: "2027-01-31" })).status).toBe(204);
    expect((await change(id, { sites: null })).status).toBe(204);
    expect(await attributesOf(id)).toEqual({ clearance: 3, cleared: true, clearedUntil: "2027-01-31" });
    const { people } = (await server.manage("GET", "/people?search=attributed")).body as unknown as {
      people: { attributes: object }[];
    };
    expect(people[0]?.attributes).toEqual({ clearance: 3, cleared: true, clearedUntil: "2027-01-31" });
    await server.manage("PATCH", `/people/${id}`, { name: "B" });
    expect(await attributesOf(id)).toMatchObject({ clearance: 3 });
  });

  it("[POL-8] are refused where they are unknown, of another kind or none of the options, each with its place, and nothing is kept", async () => {
    const { id } = await server.addPerson();
    const answer = await change(id, {
      clearance: 7,
      cleared: "yes",
      clearedUntil: "2026-02-30",
      sites: [1],
      rank: "general",
      constructor: 1,
      cleared2: null,
    });
    expect(problemsOf(answer)).toEqual([
      422,
      [
        "attributes.clearance attribute.option",
        "attributes.cleared attribute.kind",
        "attributes.clearedUntil attribute.kind",
        "attributes.sites attribute.kind",
        "attributes.rank attribute.unknown",
        "attributes.constructor attribute.unknown",
        "attributes.cleared2 attribute.unknown",
      ],
    ]);
    expect(answer.body.detail).toContain("0, 1, 2, 3");
    expect(await attributesOf(id)).toEqual({});
    expect(problemsOf(await change(id, { sites: Array.from({ length: 51 }, String) }))[0]).toBe(422);
    expect((await change(id, Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`a${at}`, 1])))).status).toBe(
      422,
    );
  });

  it("[POL-11] ring the doorbell and stand in the change log, as a transfer does", async () => {
    const { id } = await server.addPerson();
    const logged = async () => {
      const { rows } = await server.pool.query("select 1 from change_log where collection = 'people' and row_id = $1", [
        id,
      ]);
      return rows.length;
    };
    const [before, rings] = [await logged(), server.rings()];
    await change(id, { clearance: 2 });
    expect([await logged(), server.rings()]).toEqual([before + 1, rings + 1]);
  });

  it("of two changes at once both stay", async () => {
    const { id } = await server.addPerson();
    await Promise.all([
      change(id, { clearance: 2 }),
      change(id, { sites: ["Hamburg"] }),
      change(id, { cleared: true }),
    ]);
    expect(await attributesOf(id)).toEqual({ clearance: 2, sites: ["Hamburg"], cleared: true });
  });
});

it("a declaration that policies could not use is refused with words", () => {
  const label = { en: "A", ru: "А" };
  expect(faultsOfSubjectAttributes({ clearance: { kind: "number", label } })).toEqual([]);
  expect(faultsOfSubjectAttributes({ groups: { kind: "texts", label } })).toHaveLength(1);
  expect(faultsOfSubjectAttributes({ "clear ance": { kind: "number", label } })).toHaveLength(1);
  expect(
    faultsOfSubjectAttributes({ level: { kind: "number", label, options: [{ value: "1", label }] } }),
  ).toHaveLength(1);
});

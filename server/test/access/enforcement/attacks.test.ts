import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId, type JsonObject } from "@kontor/shared/base";
import type { Client } from "../../files/serverProcess.ts";
import { policies, startGuardedOffice, type GuardedOffice } from "./guardedOffice.ts";

/**
 * VIS-3 by attack: somebody for whom fields are masked tries to learn what stands in them from everything that is not the
 * field itself. Each attack is first made by somebody who sees the field, for whom it must succeed.
 */
const office: GuardedOffice = await startGuardedOffice();
const { everything, masked } = office.clients;
afterAll(() => office.stop(), 60_000);

type Record = JsonObject & { readonly id: string; readonly updatedAt: string };
const names = ["Ada", "Ben", "Cay", "Dan"];
const ids: string[] = [];
const salary = (amount: number) => ({ amount: amount.toFixed(2), currency: "EUR" });
const create = async (client: Client, fields: JsonObject) =>
  client.json<{ id: string; status: string; data?: JsonObject }>("POST", "/api/records", {
    type: "employee",
    fields: { department: office.departmentId, ...fields },
  });
const change = async (id: string, set: JsonObject) => {
  const { revs } = await everything.json<{ revs: { [field: string]: number } }>("GET", `/api/records/${id}`);
  const base = Object.fromEntries(Object.keys(set).map((key) => [key, revs[key] ?? 0]));
  await everything.json("PATCH", `/api/records/${id}`, { set, base });
};
const list = async (client: Client, query: string) =>
  (await client.json<{ records: Record[] }>("GET", `/api/records?type=employee&limit=200&${query}`)).records;
const filter = (value: object) => `filter=${encodeURIComponent(JSON.stringify(value))}`;

beforeAll(async () => {
  for (const [index, fullName] of names.entries())
    ids.push((await create(everything, { fullName, salary: salary(1000 + index), staffNumber: `S-${index}` })).id);
});

describe("[VIS-3] a masked field cannot be learnt", () => {
  it("from revisions: a hidden change moves no ETag, no time and no history", async () => {
    const look = async (client: Client) => {
      const answer = await client.fetch(`/api/records/${ids[0]}`);
      const history = await client.json<{ history: unknown[] }>("GET", `/api/records/${ids[0]}/history`);
      const { updatedAt, revs } = (await answer.json()) as Record & { revs: JsonObject };
      return { etag: answer.headers.get("etag"), updatedAt, revs, history: history.history };
    };
    const [before, seenBefore] = [await look(masked), await look(everything)];
    await change(ids[0] ?? "", { salary: salary(7777), address: "Moved", staffNumber: "S-77" });
    expect(await look(masked)).toEqual(before);
    expect((await look(everything)).etag).not.toEqual(seenBefore.etag);
  });

  it("from the order of a list", async () => {
    const orderOf = async (client: Client) => (await list(client, "sort=-salary")).map(({ id }) => id);
    const [before, seenBefore] = [await orderOf(masked), await orderOf(everything)];
    await change(ids[1] ?? "", { salary: salary(9999) });
    expect(await orderOf(masked)).toEqual(before);
    expect(await orderOf(everything)).not.toEqual(seenBefore);
    await change(ids[1] ?? "", { salary: salary(1) });
    expect(await orderOf(masked)).toEqual(before);
  });

  it("from counts, by halving the range of a filter", async () => {
    const found = async (client: Client, least: number) =>
      (await list(client, filter({ salary: { gte: least } }))).length;
    const halve = async (client: Client) => {
      let [low, high] = [0, 16_384];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if ((await found(client, middle)) > 0) low = middle;
        else high = middle;
      }
      return low;
    };
    await change(ids[2] ?? "", { salary: salary(12_345) });
    expect(await halve(everything)).toBe(12_345);
    expect(await halve(masked)).toBe(0);
    const count = async (client: Client) =>
      (
        await client.json<{ count: number }>(
          "GET",
          `/api/records/summary?type=employee&${filter({ salary: { gte: 1 } })}`,
        )
      ).count;
    expect([(await count(everything)) > 0, await count(masked)]).toEqual([true, 0]);
  });

  it("from a search for text, letter by letter", async () => {
    await change(ids[3] ?? "", { address: "Hidden Lane 5" });
    for (const text of ["H", "Hidden", "Lane 5"]) {
      expect(await list(everything, filter({ address: { contains: text } }))).not.toEqual([]);
      expect(await list(masked, filter({ address: { contains: text } }))).toEqual([]);
      expect(await list(masked, filter({ staffNumber: { contains: "S-" } }))).toEqual([]);
    }
  });

  it("from groups and sums", async () => {
    const sums = async (client: Client) =>
      client.json<{ groups: { measures: unknown[] }[] }>("GET", "/api/records/summary?type=employee&measure=salary");
    expect((await sums(everything)).groups.flatMap(({ measures }) => measures)).not.toEqual([]);
    expect((await sums(masked)).groups.flatMap(({ measures }) => measures)).toEqual([]);
  });

  it("from errors about uniqueness", async () => {
    // The one who sees the other's number is told; who may fill the field and not see it elsewhere is not.
    await office.publish([
      ...policies,
      {
        id: "own-cards",
        title: "Whoever made a card sees all of it",
        effect: "allow",
        resource: "employee",
        actions: ["*"],
        when: { and: [{ has: ["sub.groups", "masked"] }, { eq: ["obj.createdBy", "sub.id"] }] },
      },
    ]);
    await create(everything, { fullName: "Holder", staffNumber: "TAKEN-1" });
    await expect(create(everything, { fullName: "Second", staffNumber: "taken-1" })).rejects.toThrow("record.taken");

    const taken = await create(masked, { fullName: "Guess", staffNumber: "TAKEN-1" });
    const free = await create(masked, { fullName: "Guess", staffNumber: `FREE-${newId().slice(-6)}` });
    expect({ ...taken, id: "", record: "" }).toEqual({ ...free, id: "", record: "" });

    const duplicates = async (client: Client) =>
      (
        await client.json<{ duplicates: { field: string; records: Record[] }[] }>(
          "GET",
          "/api/records/duplicates?type=employee",
        )
      ).duplicates;
    expect(await duplicates(masked)).toEqual([]);
    const [pair] = await duplicates(everything);
    expect(pair).toMatchObject({ field: "staffNumber" });
    expect(pair?.records.map(({ id }) => id)).toContain(taken.id);
  });

  it("from relations: a record that points here and cannot be seen is not there", async () => {
    const related = async (client: Client) =>
      (await client.json<{ related: unknown[] }>("GET", `/api/records/${ids[0]}/related`)).related;
    expect(await related(masked)).toEqual([]);
  });

  it("from what a mistake says", async () => {
    const answer = await masked.fetch(`/api/records/${ids[0]}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ set: { salary: salary(5), staffNumber: "S-1" }, base: {} }),
    });
    const words = await answer.text();
    expect(answer.status).toBe(403);
    expect(words).toContain("salary");
    for (const value of ["7777", "S-77", "Moved"]) expect(words).not.toContain(value);
  });
});

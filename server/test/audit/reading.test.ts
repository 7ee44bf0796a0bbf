import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { recordAudit } from "#kernel";
import { startAuditServer, type AuditServer } from "./auditServer.ts";

interface Entry {
  readonly number: number;
  readonly at: string;
  readonly action: string;
  readonly outcome: string;
  readonly login: string | null;
  readonly objectId: string | null;
  readonly hash: string;
}
interface Page {
  readonly entries: readonly Entry[];
  readonly names: Readonly<Record<string, string>>;
  readonly next?: number;
}
interface State {
  readonly head: { readonly number: number; readonly hash: string };
  readonly unchained: number;
  readonly verifying: boolean;
  readonly verified?: {
    readonly checked: number;
    readonly lastNumber: number;
    readonly fault?: { readonly number: number };
  };
}

let office: AuditServer;
beforeAll(async () => {
  office = await startAuditServer();
  const by = { login: "=cmd()", userId: office.ids["ivan"] ?? "" };
  for (let step = 0; step < 25; step++)
    await recordAudit(office.test.db, new Date(Date.UTC(2026, 0, 1 + step)).toISOString(), [
      { action: `test.${step % 2 === 0 ? "even" : "odd"}`, outcome: step % 5 === 0 ? "denied" : "done", by },
    ]);
  await chained();
}, 120_000);
afterAll(() => office.stop());

const state = () => office.auditor.json<State>("GET", "/api/audit/state");
const chained = () =>
  vi.waitFor(async () => expect((await state()).unchained).toBe(0), { timeout: 20_000, interval: 100 });
const page = (query: string) => office.auditor.json<Page>("GET", `/api/audit?${query}`);
async function all(query: string): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  let next: number | undefined;
  do {
    const found = await page(`${query}&limit=7${next === undefined ? "" : `&before=${next}`}`);
    entries.push(...found.entries);
    next = found.next;
  } while (next !== undefined);
  return entries;
}
const exported = async (query: string) => await (await office.auditor.fetch(`/api/audit/export?${query}`)).text();

describe("[POL-12] reading the log", () => {
  it("comes newest first, page by page, with the names that its reader may see", async () => {
    const entries = await all("action=test.");
    expect(entries).toHaveLength(25);
    expect(entries.map(({ number }) => number)).toEqual(entries.map(({ number }) => number).toSorted((a, b) => b - a));
    const { names } = await page("action=test.");
    expect(names).toEqual({ [office.ids["ivan"] ?? ""]: "ivan" });
  });

  it.each([
    ["action=test.even", (entry: Entry) => entry.action === "test.even"],
    ["action=test.&outcome=denied", (entry: Entry) => entry.outcome === "denied"],
    ["action=test.&from=2026-01-10T00:00:00Z", (entry: Entry) => entry.at >= "2026-01-10"],
    ["action=test.&to=2026-01-10T00:00:00Z", (entry: Entry) => entry.at < "2026-01-10"],
    ["action=test.&login=CMD", () => true],
    ["action=test.&login=%25", () => false],
    ["action=test_", () => false],
  ])("filters by %s, and the export is exactly that", async (query, fits) => {
    const expected = (await all("action=test.")).filter(fits).map(({ number }) => number);
    expect((await all(query)).map(({ number }) => number)).toEqual(expected);
    const lines = (await exported(`${query}&format=jsonl`)).split("\n").filter((line) => line !== "");
    expect(lines.map((line) => (JSON.parse(line) as Entry).number)).toEqual(expected);
    const csv = (await exported(`${query}&format=csv`)).trim().split("\r\n");
    expect(csv.slice(1).map((line) => Number(line.split(",")[0]))).toEqual(expected);
  });

  it("by what it is about, also among the many of one entry", async () => {
    const [one, other] = ["018f0000-0000-7000-8000-00000000000a", "018f0000-0000-7000-8000-00000000000b"];
    await recordAudit(office.test.db, new Date().toISOString(), [
      { action: "object.one", outcome: "done", object: { kind: "employee", id: one } },
      { action: "object.many", outcome: "done", object: { kind: "employee" }, details: { ids: [other, one] } },
    ]);
    await chained();
    expect((await all(`objectKind=employee&objectId=${one}`)).map(({ action }) => action)).toEqual([
      "object.many",
      "object.one",
    ]);
    expect((await all(`objectId=${other}`)).map(({ action }) => action)).toEqual(["object.many"]);
  });

  it("lists its actions", async () => {
    const { actions } = await office.auditor.json<{ actions: string[] }>("GET", "/api/audit/actions");
    expect(actions).toEqual(expect.arrayContaining(["people.created", "people.signedIn", "test.even", "test.odd"]));
    expect(actions).toEqual(actions.toSorted());
  });

  it("exports no cell that a spreadsheet would run, and is itself on record", async () => {
    const entries = await office.entriesOf(async () => {
      expect(await exported("action=test.odd")).toContain(",'=cmd(),");
    });
    expect(entries).toMatchObject([
      { action: "audit.exported", login: "vera", details: { format: "csv", filter: { action: "test.odd" } } },
    ]);
  });

  it("refuses a wrong question with words", async () => {
    for (const query of ["from=yesterday", "userId=ivan", "outcome=maybe", "limit=0", "before=x"])
      expect((await office.auditor.fetch(`/api/audit?${query}`)).status).toBe(422);
  });
});

describe("[POL-12] the chain, as the page shows it", () => {
  const verify = async () => {
    expect(await office.auditor.json("POST", "/api/audit/verify")).toEqual({ started: true });
    await expect.poll(async () => (await state()).verifying, { timeout: 20_000 }).toBe(false);
    return (await state()).verified;
  };

  it("is verified on demand, and who did it is on record", async () => {
    await chained();
    const { head } = await state();
    const entries = await office.entriesOf(async () => {
      expect(await verify()).toMatchObject({ checked: head.number, lastNumber: head.number });
    });
    expect(entries).toMatchObject([{ action: "audit.verified", outcome: "done", login: "vera" }]);
  });

  it("says loudly where it was tampered with, to the auditor and on the overview", async () => {
    const client = await office.test.pool.connect();
    await client.query("set session_replication_role = replica");
    await client.query("update audit_entry set login = 'nobody' where number = 5");
    await client.query("set session_replication_role = origin");
    client.release();
    const entries = await office.entriesOf(async () => {
      expect(await verify()).toMatchObject({ checked: 4, fault: { number: 5, what: "changed" } });
    });
    expect(entries).toMatchObject([
      { action: "audit.verified", outcome: "failed", details: { number: 5, what: "changed" } },
    ]);
    const { parts } = await office.root.json<{ parts: { name: string; state: string; words: string }[] }>(
      "GET",
      "/api/admin/overview",
    );
    expect(parts).toContainEqual({
      name: "audit",
      state: "failing",
      words: expect.stringContaining("tampered with: Entry 5") as unknown,
    });
  });
});

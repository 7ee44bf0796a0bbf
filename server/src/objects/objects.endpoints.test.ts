import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isDomainError, newId, systemClock, type JsonObject } from "@kontor/shared/base";
import type { RecordDoc, RecordIntentName } from "@kontor/shared/objects";
import type { Intent, IntentResult } from "@kontor/shared/protocol";
import { createAuditLog, createHttp, createMetrics, type Actor, type HttpServer } from "#kernel";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { actor, apply, createDeal, departments, people, seedPeople, types } from "./objects.fixture.ts";
import { objectEndpoints } from "./objects.endpoints.ts";
import { saveTypes } from "./typeRegistry.ts";

let test: TestDatabase;
let http: HttpServer;
let address: string;

beforeAll(async () => {
  test = await createTestDatabase();
  await seedPeople(test.db);
  await saveTypes(test.db, types);
  http = createHttp({
    host: "127.0.0.1",
    port: 0,
    publicUrl: undefined,
    version: "test",
    trustProxy: false,
    log: silentLog,
    metrics: createMetrics(),
    // The token is the login: how one signs in is the people feature's business.
    authenticate: async ({ token }) => (token in people ? actor(token as keyof typeof people).principal : undefined),
    maySystem: async () => false,
    audit: { note: async () => undefined },
    checks: {},
    endpoints: objectEndpoints({
      db: test.db,
      types,
      audit: createAuditLog({ db: test.db, clock: systemClock }),
      actorOf: async ({ principal }) => actor(principal?.login as keyof typeof people),
      applyIntent,
    }),
  });
  address = `http://127.0.0.1:${await http.listen()}`;
});
afterAll(async () => {
  await http.drain(0);
  await test.drop();
});

const answers = new Map<string, IntentResult>();

/** As the gateway does it, with its memory of what it answered. */
async function applyIntent(intent: Intent, who: Actor): Promise<IntentResult> {
  const known = answers.get(intent.mid);
  if (known) return known;
  const result = await apply(test.db, who, intent.name as RecordIntentName, intent.id, intent.args).then(
    (outcome): IntentResult => ({ mid: intent.mid, ...outcome }),
    (error: unknown): IntentResult => {
      if (!isDomainError(error)) throw error;
      const { reason, problems } = error.details;
      return {
        mid: intent.mid,
        status: "rejected",
        code: error.code,
        reason,
        message: error.message,
        ...(problems && { problems }),
      };
    },
  );
  answers.set(intent.mid, result);
  return result;
}

interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly body: JsonObject & { readonly record?: RecordDoc & JsonObject };
}

async function ask(
  login: string,
  method: string,
  path: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`${address}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${login}`, ...(body && { "content-type": "application/json" }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    etag: response.headers.get("etag"),
    body: (await response.json()) as Answer["body"],
  };
}

describe("records over HTTP", () => {
  it("are created, read, edited, moved, deleted and restored", async () => {
    const made = await ask("ann", "POST", "/records", {
      type: "deal",
      fields: { subject: "Over HTTP", amount: { amount: "10", currency: "EUR" } },
    });
    expect(made).toMatchObject({
      status: 201,
      body: { status: "applied", record: { title: "Over HTTP", state: "draft" } },
    });
    const id = String(made.body.id);
    const read = await ask("bob", "GET", `/records/${id}`);
    expect(read).toMatchObject({ status: 200, etag: made.etag, body: { title: "Over HTTP" } });

    const edited = await ask(
      "bob",
      "PATCH",
      `/records/${id}`,
      { set: { count: 2 } },
      { "if-match": String(read.etag) },
    );
    expect(edited).toMatchObject({ status: 200, body: { status: "applied", record: { fields: { count: 2 } } } });
    const late = await ask("ann", "PATCH", `/records/${id}`, { set: { count: 3 } }, { "if-match": String(read.etag) });
    expect(late).toMatchObject({ status: 409, body: { reason: "record.changed" } });
    const merged = await ask("ann", "PATCH", `/records/${id}`, { set: { count: 3 }, base: { count: 0 } });
    expect(merged.body).toMatchObject({
      status: "merged",
      data: { conflicts: ["count"] },
      record: { conflicts: { count: { lost: 2 } } },
    });
    expect((await ask("bob", "POST", `/records/${id}/conflicts/count`, { choice: "mine" })).body.record).toMatchObject({
      fields: { count: 2 },
    });

    expect((await ask("ann", "POST", `/records/${id}/transitions/sign`)).body.record).toMatchObject({
      state: "signed",
    });
    expect((await ask("ann", "DELETE", `/records/${id}`)).body.record).toHaveProperty("deletedAt");
    expect((await ask("ann", "POST", `/records/${id}/restore`)).body.record).not.toHaveProperty("deletedAt");
    const history = await ask("ann", "GET", `/records/${id}/history`);
    expect((history.body.history as unknown as { kind: string }[]).map(({ kind }) => kind)).toEqual([
      "created",
      "edited",
      "edited",
      "resolved",
      "transition",
      "deleted",
      "restored",
    ]);
  });

  it("[SYN-4] are created once under one Idempotency-Key", async () => {
    const key = newId();
    const body = { type: "deal", fields: { subject: "Once" } };
    const [first, second] = [
      await ask("ann", "POST", "/records", body, { "idempotency-key": key }),
      await ask("ann", "POST", "/records", body, { "idempotency-key": key }),
    ];
    expect(second).toEqual(first);
    expect(await ask("ann", "POST", "/records", body, { "idempotency-key": "again" })).toMatchObject({
      status: 422,
      body: { reason: "request.idempotencyKey" },
    });
  });

  it("answer 404 alike for what is hidden and for what is not there", async () => {
    const id = await createDeal(test.db, "boss", {});
    for (const hidden of [id, newId()]) {
      const answers = await Promise.all([
        ask("ann", "GET", `/records/${hidden}`),
        ask("ann", "GET", `/records/${hidden}/history`),
        ask("ann", "GET", `/records/${hidden}/related`),
        ask("ann", "PATCH", `/records/${hidden}`, { set: {}, base: {} }),
        ask("ann", "DELETE", `/records/${hidden}`),
      ]);
      for (const { status, body } of answers) expect([status, body.reason]).toEqual([404, "record.notFound"]);
    }
  });

  it("show the way back, as far as the reader sees it", async () => {
    const partner = newId();
    await apply(test.db, actor("ann"), "record.create", partner, { type: "partner", fields: { name: "Partner" } });
    const ours = await createDeal(test.db, "ann", { partner });
    await createDeal(test.db, "boss", { partner });
    const gone = await createDeal(test.db, "ann", { partner });
    await apply(test.db, actor("ann"), "record.delete", gone, {});
    const related = async (login: string) =>
      (await ask(login, "GET", `/records/${partner}/related`)).body.related as unknown as {
        field: string;
        record: RecordDoc;
      }[];
    expect((await related("ann")).map(({ field, record }) => [field, record.id])).toEqual([["partner", ours]]);
    expect(await related("boss")).toHaveLength(2);
  });

  it("[POL-12] leave as a file with what the reader sees, and the audit log says so", async () => {
    await createDeal(test.db, "boss", {
      subject: "=1+1",
      unit: departments.sales,
      bonus: { amount: "31337", currency: "EUR" },
    });
    const file = async (login: string, query: string, type = "deal") => {
      const answer = await fetch(`${address}/api/records/export?type=${type}${query}`, {
        headers: { authorization: `Bearer ${login}` },
      });
      return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
    };
    const csv = await file("ann", "");
    expect(csv).toMatchObject({ status: 200, type: "text/csv; charset=utf-8" });
    const listed = await ask("ann", "GET", "/records?type=deal&limit=200");
    expect(csv.text.trim().split("\r\n")).toHaveLength((listed.body.records as unknown as unknown[]).length + 1);
    expect(csv.text).toContain("'=1+1");
    expect(csv.text).not.toContain("31337");
    expect((await file("boss", "")).text).toContain("31337.00 EUR");

    const lines = (await file("ann", "&format=jsonl")).text.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as JsonObject)).toEqual(listed.body.records);
    expect(await file("ann", "", "nonsense")).toMatchObject({ status: 404 });
    expect(await file("ann", "&sort=bonus2")).toMatchObject({ status: 422 });

    const { rows } = await test.pool.query(
      "select login, object_kind, details from audit_entry where action = 'record.exported' order by id limit 1",
    );
    expect(rows).toEqual([{ login: "ann", object_kind: "deal", details: { format: "csv", fields: [], trash: false } }]);
  });

  it("list with filter, sort and cursor, and list the types", async () => {
    const first = await ask(
      "boss",
      "GET",
      `/records?type=deal&limit=1&sort=-createdAt&filter=${encodeURIComponent(JSON.stringify({ unit: departments.law }))}`,
    );
    expect(first.body.records).toHaveLength(1);
    expect(await ask("boss", "GET", "/records?type=nonsense")).toMatchObject({
      status: 404,
      body: { reason: "record.noType" },
    });
    expect((await ask("ann", "GET", "/types")).body.types).toHaveLength(2);
    expect((await ask("nobody", "GET", "/types")).status).toBe(401);
  });

  it("say which field is wrong, and what to send", async () => {
    const made = await ask("ann", "POST", "/records", { type: "deal", fields: { subject: "x".repeat(101) } });
    expect(made).toMatchObject({
      status: 422,
      body: { reason: "record.invalid", problems: [{ field: "subject", reason: "field.tooLong", limit: 100 }] },
    });
    const id = await createDeal(test.db, "ann", {});
    expect(await ask("ann", "PATCH", `/records/${id}`, { set: { count: 1 } })).toMatchObject({
      status: 422,
      body: { reason: "request.noBase" },
    });
  });
});

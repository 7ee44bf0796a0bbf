import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { AccessEngine, Subject } from "@kontor/shared/access";
import { newId, type JsonObject } from "@kontor/shared/base";
import { createSeal, type Transaction } from "#kernel";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import { createEventDelivery, type EventDelivery } from "./deliverEvents.ts";
import type { EventSource } from "./event.source.ts";
import { listEvents, listWebhooks } from "./listWebhooks.ts";
import { recordEvents } from "./recordEvents.ts";
import { signEvent } from "./signEvent.ts";
import type { OffReason, SendAnswer } from "./webhook.port.ts";
import { webhookLimits } from "./webhooks.limits.ts";
import { createWebhookService, type WebhookService } from "./webhooks.service.ts";

/** A receiver that says what the test says, and a source whose things may be hidden. */
const SECOND = 1_000;
const DAY = 86_400_000;
const by = { channel: "cli" } as const;
const owner = newId();
const box = newId();

interface Sent {
  readonly id: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly type: string; readonly timestamp: string; readonly data: JsonObject };
  readonly text: string;
}

let test: TestDatabase;
let now = 0;
let sent: Sent[] = [];
let answer: (sent: Sent, signal: AbortSignal) => SendAnswer | Promise<SendAnswer>;
let isVisible = true;
let isOwnerHere = true;
let told: OffReason[] = [];
let service: WebhookService;
const deliveries: EventDelivery[] = [];
const clock = { now: () => now };
const seal = createSeal(randomBytes(32));

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());
beforeEach(async () => {
  await test.pool.query("truncate webhook cascade");
  now = Date.parse("2026-03-02T10:00:00.000Z");
  [sent, told] = [[], []];
  [isVisible, isOwnerHere] = [true, true];
  answer = () => ({ status: 204 });
  service = createWebhookService({ db: test.db, seal, clock, wake: () => deliveries.forEach((each) => each.wake()) });
});
afterEach(async () => {
  await Promise.all(deliveries.splice(0).map((delivery) => delivery.stop()));
});

const source: EventSource = {
  resource: "box",
  events: ["box.opened"],
  requireSight: async () => undefined,
  dataFor: async (_db, _reader, { resourceId, data }) => (isVisible ? { box: resourceId, ...data } : undefined),
};

function startNode(): EventDelivery {
  const delivery = createEventDelivery({
    db: test.db,
    clock,
    log: silentLog,
    seal,
    sources: [source],
    engine: () => ({}) as AccessEngine, // the source asks nothing of it
    loadSubject: async (id) => (isOwnerHere && id === owner ? ({ id } as Subject) : undefined),
    sender: {
      async send({ url, headers, body, signal }) {
        const one = {
          id: headers["webhook-id"] ?? "",
          url,
          headers,
          body: JSON.parse(body) as Sent["body"],
          text: body,
        };
        sent.push(one);
        return answer(one, signal);
      },
    },
    tellOff: async (_hook, reason) => async () => void told.push(reason),
    everyMs: 20,
  });
  deliveries.push(delivery);
  delivery.start();
  return delivery;
}

const hook = (more: Partial<Parameters<WebhookService["create"]>[0]> = {}) =>
  service.create(
    {
      ownerId: owner,
      resource: { type: "box", id: box },
      url: "https://there.example/hook",
      events: ["box.opened"],
      ...more,
    },
    by,
  );
const happen = (n: number | string, act: (trx: Transaction) => Promise<void> = async () => undefined) =>
  test.db.transaction().execute(async (trx) => {
    const at = new Date(now).toISOString();
    await recordEvents(trx, at, [{ name: "box.opened", resource: { type: "box", id: box }, data: { n } }]);
    await act(trx);
  });
const events = async (id: string) => (await listEvents(test.db, id, { limit: 200 })).toReversed();
const stateOf = async (id: string) =>
  (await listWebhooks(test.db, { type: "box", limit: 10 })).find((row) => row.id === id);
const until = (what: () => Promise<void> | void) => vi.waitFor(what, { timeout: 15_000, interval: 10 });
const settled = (id: string, states: readonly string[]) =>
  until(async () => expect((await events(id)).map(({ state }) => state)).toEqual(states));

describe("an event for a webhook", () => {
  it("is signed and told once, with what its owner may see", async () => {
    const { id, secret } = await hook();
    await happen(1);
    startNode();
    startNode();
    await settled(id, ["delivered"]);
    expect(sent).toHaveLength(1);
    const [{ headers, body, text, id: eventId }] = sent as [Sent];
    expect(body).toEqual({ type: "box.opened", timestamp: "2026-03-02T10:00:00.000Z", data: { box, n: 1 } });
    expect(headers).toEqual(signEvent({ id: eventId, body: text, now }, [secret]));
    expect(await events(id)).toMatchObject([{ id: eventId, attempts: 1, status: 204, nextAt: null }]);
    expect(await stateOf(id)).toMatchObject({ waiting: 0, delivered_at: body.timestamp });
  });

  it("[WHK-1] is there exactly when what it tells of is", async () => {
    const { id } = await hook();
    await expect(
      happen("never", async () => {
        throw new Error("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    await happen("once");
    expect((await events(id)).map(({ data }) => data)).toEqual([{ n: "once" }]);
  });

  it("[WHK-1] comes again under its own id when the node that sent it died without a word", async () => {
    const { id } = await hook();
    await happen(1);
    answer = (_sent, signal) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve({ failure: "timeout" })));
    const dying = startNode();
    await until(() => expect(sent).toHaveLength(1));
    await dying.stop();
    expect(await events(id)).toMatchObject([{ state: "waiting" }]);
    answer = () => ({ status: 200 });
    startNode();
    now += webhookLimits.leaseMs + 1;
    await settled(id, ["delivered"]);
    expect(new Set(sent.map((each) => each.id)).size).toBe(1);
  });

  it("is told to nobody who did not ask for it", async () => {
    const other = await hook({ events: ["box.closed"] });
    const elsewhere = await hook({ resource: { type: "box", id: newId() } });
    const off = await hook();
    await service.change(off.id, { on: false }, by);
    await happen(1);
    for (const { id } of [other, elsewhere, off]) expect(await events(id)).toEqual([]);
  });

  it("[WHK-2] is not told when its owner sees no longer what it is about, or is no more", async () => {
    const { id } = await hook();
    await happen(1);
    isVisible = false;
    startNode();
    await settled(id, ["dropped"]);
    isVisible = true;
    isOwnerHere = false;
    await happen(2);
    await settled(id, ["dropped", "dropped"]);
    expect(sent).toEqual([]);
    expect((await events(id)).map(({ reason }) => reason)).toEqual(["notVisible", "notVisible"]);
  });

  it("[WHK-3] that is refused comes later each time, up to its limit, and others go on meanwhile", async () => {
    const { id } = await hook();
    await happen("bad");
    answer = ({ body }) => ({ status: body.data["n"] === "bad" ? 400 : 200 });
    startNode();
    const times: number[] = [];
    for (const pause of webhookLimits.pausesMs) {
      const tries = times.length + 1;
      await until(() => expect(sent.filter(({ body }) => body.data["n"] === "bad")).toHaveLength(tries));
      times.push(now);
      await happen(`good ${tries}`);
      await until(async () => expect((await events(id)).at(-1)?.state).toBe("delivered"));
      const [bad] = await events(id);
      expect(bad).toMatchObject({ state: "waiting", attempts: tries, status: 400, reason: "status" });
      expect(Date.parse(bad?.nextAt ?? "") - now).toBe(pause);
      now += pause;
    }
    await until(async () => expect((await events(id))[0]).toMatchObject({ state: "failed", attempts: 10 }));
    expect(await stateOf(id)).toMatchObject({ state: "on", waiting: 0 });
  });

  it("[WHK-3] asks for all of them where nobody answers", async () => {
    const { id } = await hook();
    for (let n = 0; n < 30; n++) await happen(n);
    answer = () => ({ failure: "unreachable" });
    startNode();
    // All that were claimed at first: one that is still on its way would count as one of the second time.
    const first = webhookLimits.perWebhook;
    await until(async () => expect((await stateOf(id))?.failures).toBe(first));
    expect(sent).toHaveLength(first);
    now += 10 * 60 * SECOND; // longer than any pause
    await until(async () => expect((await stateOf(id))?.failures).toBe(first + 1));
    answer = () => ({ status: 200 });
    now += 10 * 60 * SECOND;
    await settled(
      id,
      Array.from({ length: 30 }, () => "delivered"),
    );
    expect(await stateOf(id)).toMatchObject({ failing_since: null, failures: 0 });
  });

  it("waits as long as the receiver asks for, and not for ever", async () => {
    const { id } = await hook();
    await happen(1);
    answer = () => ({ status: 429, retryAfterMs: 30 * DAY });
    startNode();
    await until(async () => expect((await stateOf(id))?.failures).toBe(1));
    answer = () => ({ status: 200 });
    now += webhookLimits.longestWishMs;
    await settled(id, ["delivered"]);
  });

  it("[WHK-4] is the last one after days without a success: the webhook is off, and that is told once", async () => {
    const { id } = await hook();
    await happen(1);
    answer = () => ({ status: 500 });
    startNode();
    await until(async () => expect((await stateOf(id))?.failures).toBe(1));
    now += 3 * DAY;
    await happen(2);
    await until(async () => expect(await stateOf(id)).toMatchObject({ state: "off", off_reason: "failing" }));
    await settled(id, ["failed", "failed"]);
    expect(told).toEqual(["failing"]);
    await happen(3);
    expect(await events(id)).toHaveLength(2);

    answer = () => ({ status: 200 });
    await service.change(id, { on: true }, by);
    await happen(4);
    await settled(id, ["failed", "failed", "delivered"]);
    const { rows } = await test.pool.query<{ action: string }>(
      "select action from audit_entry where object_id = $1 order by at, id",
      [id],
    );
    expect(rows.map(({ action }) => action)).toEqual(["webhooks.added", "webhooks.switchedOff", "webhooks.changed"]);
  });

  it("[WHK-4] is the last one at once where the receiver is gone for good", async () => {
    const { id } = await hook();
    await happen(1);
    answer = () => ({ status: 410 });
    startNode();
    await settled(id, ["failed"]);
    expect([(await stateOf(id))?.off_reason, told]).toEqual(["gone", ["gone"]]);
  });

  it("is signed with the old secret as well for a day after a new one was made", async () => {
    const { id, secret: old } = await hook();
    const { secret } = await service.renewSecret(id, by);
    await happen(1);
    startNode();
    await settled(id, ["delivered"]);
    now += DAY + SECOND;
    await happen(2);
    await settled(id, ["delivered", "delivered"]);
    const signed = (one: Sent, secrets: readonly string[]) =>
      signEvent({ id: one.id, body: one.text, now: Number(one.headers["webhook-timestamp"]) * SECOND }, secrets);
    const [first, second] = sent as [Sent, Sent];
    expect(first.headers).toEqual(signed(first, [secret, old]));
    expect(second.headers).toEqual(signed(second, [secret]));
  });
});

describe("a webhook", () => {
  it("is tested also while it is off and nobody answered it, and a test is not made again", async () => {
    const { id } = await hook();
    await happen(1);
    answer = () => ({ failure: "unreachable" });
    startNode();
    await until(async () => expect((await stateOf(id))?.failures).toBe(1));
    await service.test(id, by);
    await settled(id, ["waiting", "failed"]);
    await service.change(id, { on: false }, by);
    answer = () => ({ status: 200 });
    await service.test(id, by);
    await settled(id, ["failed", "failed", "delivered"]);
    expect(sent.at(-1)?.body).toMatchObject({ type: "webhook.test", data: { webhookId: id } });
    expect(await stateOf(id)).toMatchObject({ state: "off" });
  });

  it.each([
    "http://there.example/",
    "https://user:password@there.example/",
    "ftp://there.example/",
    "there.example",
    `https://there.example/${"a".repeat(webhookLimits.maxUrlChars)}`,
  ])("is not at %s", async (url) => {
    await expect(hook({ url })).rejects.toMatchObject({ details: { reason: "webhook.url" } });
  });

  it("is one of a few for one thing", async () => {
    for (let n = 0; n < webhookLimits.perResource; n++) await hook();
    await expect(hook()).rejects.toMatchObject({ details: { reason: "webhook.tooMany" } });
  });

  it("goes with what waits for it, also while more is written", async () => {
    const { id } = await hook();
    await Promise.all([...Array.from({ length: 20 }, (_, n) => happen(n)), service.remove(id, by)]);
    expect(await events(id)).toEqual([]);
    await expect(service.test(id, by)).rejects.toMatchObject({ details: { reason: "webhook.notFound" } });
  });

  it("keeps what came of its events for a week", async () => {
    const { id } = await hook();
    await happen(1);
    startNode();
    await settled(id, ["delivered"]);
    now += webhookLimits.keptMs + DAY;
    await until(async () => expect(await events(id)).toEqual([]));
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import {
  ADMINISTRATORS,
  createSessionService,
  hashPassword,
  loadSubject,
  peopleTables,
  type Ended,
  type SessionService,
} from "#people";

const PASSWORD = "correct horse battery";
const from = { ip: "127.0.0.1", userAgent: "test", channel: "desktop" } as const;
let test: TestDatabase;
let now = Date.parse("2026-11-02T09:00:00Z");
const clock = { now: () => now };
let sessions: SessionService;
let userId: string;
let login: string;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

beforeEach(async () => {
  sessions = createSessionService({ db: test.db, clock });
  userId = newId();
  login = `user-${userId}`;
  await peopleTables(test.db)
    .insertInto("app_user")
    .values({
      id: userId,
      login,
      name: "Anna Krüger",
      email: null,
      phone: null,
      password_hash: await hashPassword(PASSWORD),
      department_id: null,
      position_id: null,
      manager_id: null,
    })
    .execute();
});

const device = { name: "Laptop", platform: "linux" } as const;
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: { code: string; message: string; details: { reason: string; retryAfterMs?: number } }) => ({
      code: error.code,
      message: error.message,
      reason: error.details.reason,
    }),
  );

describe("signing in", () => {
  it("gives a session that authenticates, and the device keeps its id the next time", async () => {
    const first = await sessions.signIn({ login: login.toUpperCase(), password: PASSWORD, device }, from);
    expect(await sessions.authenticate(first.token)).toMatchObject({
      userId,
      deviceId: first.deviceId,
      channel: "desktop",
      isAdmin: false,
    });
    const second = await sessions.signIn(
      { login, password: PASSWORD, device: { ...device, id: first.deviceId } },
      from,
    );
    expect(second.deviceId).toBe(first.deviceId);
  });

  it("says the same of an unknown person and of a wrong password", async () => {
    const wrong = await refusal(sessions.signIn({ login, password: "not this one" }, from));
    const unknown = await refusal(sessions.signIn({ login: "nobody-here", password: "not this one" }, from));
    expect(wrong).toEqual(unknown);
    expect(wrong).toEqual({
      code: "unauthenticated",
      message: "The name or the password is wrong.",
      reason: "signIn.refused",
    });
  });

  it("pauses after five wrong passwords, also for the right one", async () => {
    for (let guess = 0; guess < 5; guess++)
      expect((await refusal(sessions.signIn({ login, password: "wrong guess" }, from)))?.reason).toBe("signIn.refused");
    expect((await refusal(sessions.signIn({ login, password: PASSWORD }, from)))?.reason).toBe("signIn.throttled");
  });

  it("refuses a disabled person in the same words, and ends what they had", async () => {
    const session = await sessions.signIn({ login, password: PASSWORD }, from);
    await peopleTables(test.db).updateTable("app_user").set({ state: "disabled" }).where("id", "=", userId).execute();
    expect((await refusal(sessions.signIn({ login, password: PASSWORD }, from)))?.reason).toBe("signIn.refused");
    expect((await refusal(sessions.authenticate(session.token)))?.reason).toBe("signIn.disabled");
    expect(await loadSubject(test.db, userId)).toBeUndefined();
  });
});

describe("a session", () => {
  it("ends when it is not used for its lifetime, and lives on when it is", async () => {
    const session = await sessions.signIn({ login, password: PASSWORD }, from);
    now += 20 * 86_400_000;
    expect(await sessions.authenticate(session.token)).toBeDefined();
    now += 20 * 86_400_000;
    expect(await sessions.authenticate(session.token)).toBeDefined();
    now += 31 * 86_400_000;
    expect(await sessions.authenticate(session.token)).toBeUndefined();
  });

  it("[VIS-6] tells who listens when it is signed out, everywhere and by device", async () => {
    const ended: Ended[] = [];
    sessions.onEnded((event) => ended.push(event));
    const one = await sessions.signIn({ login, password: PASSWORD, device }, from);
    const two = await sessions.signIn({ login, password: PASSWORD, device }, from);
    expect(await sessions.signOutEverywhere(userId, { except: two.sessionId })).toBe(1);
    expect(await sessions.authenticate(one.token)).toBeUndefined();
    await sessions.revokeDevice(two.deviceId ?? "");
    expect(await sessions.authenticate(two.token)).toBeUndefined();
    expect(ended.map(({ why, deviceId }) => [why, deviceId])).toEqual([
      ["signedOut", one.deviceId],
      ["deviceRevoked", two.deviceId],
    ]);
  });

  it("keeps no token in the database", async () => {
    const { token } = await sessions.signIn({ login, password: PASSWORD }, from);
    const { rows } = await test.pool.query("select session::text as row from session");
    expect(JSON.stringify(rows)).not.toContain(token.slice(3, 20));
  });
});

describe("a personal access token", () => {
  it("carries its scopes and ends at its time", async () => {
    const { token } = await sessions.createToken(userId, {
      name: "report",
      scopes: ["read"],
      expiresAt: new Date(now + 1_000).toISOString(),
    });
    expect(await sessions.authenticate(token)).toMatchObject({ userId, scopes: ["read"], channel: "api" });
    now += 2_000;
    expect(await sessions.authenticate(token)).toBeUndefined();
  });
});

describe("the subject of policies", () => {
  it("knows departments above and below, the chain of managers and groups", async () => {
    const tables = peopleTables(test.db);
    const [top, middle, low, boss, chief, group] = Array.from({ length: 6 }, () => newId()) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const name = { name_en: "x", name_ru: "х", code: null };
    await tables
      .insertInto("department")
      .values([
        { id: top, parent_id: null, ...name },
        { id: middle, parent_id: top, ...name },
        { id: low, parent_id: middle, ...name },
      ])
      .execute();
    const person = { name: "x", email: null, phone: null, password_hash: null, department_id: null, position_id: null };
    await tables
      .insertInto("app_user")
      .values({ id: chief, login: chief, manager_id: null, ...person })
      .execute();
    await tables
      .insertInto("app_user")
      .values({ id: boss, login: boss, manager_id: chief, ...person })
      .execute();
    await tables
      .updateTable("app_user")
      .set({ department_id: middle, manager_id: boss })
      .where("id", "=", userId)
      .execute();
    await tables
      .insertInto("user_group")
      .values({ id: group, key: ADMINISTRATORS, name_en: "Administrators", name_ru: "Администраторы" })
      .execute();
    await tables.insertInto("group_member").values({ group_id: group, user_id: userId }).execute();
    expect(await loadSubject(test.db, userId)).toMatchObject({
      department: middle,
      departments: [middle, top],
      subtree: [middle, low],
      managers: [boss, chief],
      groups: [ADMINISTRATORS],
      isAdmin: true,
    });
  });
});

import { expect } from "vitest";
import { createAccess, type AccessService } from "#access";
import { createAuditLog, createHttp, createLog, createMetrics, SESSION_COOKIE } from "#kernel";
import {
  createPeopleService,
  createServiceAccounts,
  createSessionService,
  ensureAdministrators,
  loadAdministrators,
  loadSubject,
  peopleEndpoints,
  peopleResources,
  signInEndpoints,
  type Ended,
  type PersonInput,
} from "#people";
import type { Policy } from "@kontor/shared/access";
import { newId, systemClock } from "@kontor/shared/base";
import type { SubjectAttributes } from "@kontor/shared/people";
import { createTestDatabase, silentLog } from "#testing";

export const subjectAttributes: SubjectAttributes = {
  clearance: { kind: "number", label: { en: "Clearance", ru: "Допуск" }, options: levels(0, 1, 2, 3) },
  sites: { kind: "texts", label: { en: "Sites", ru: "Площадки" } },
  cleared: { kind: "boolean", label: { en: "Cleared", ru: "Проверен" } },
  clearedUntil: { kind: "date", label: { en: "Cleared until", ru: "Проверен до" } },
};

export const PASSWORD = "correct horse battery";

function levels(...values: readonly number[]) {
  return values.map((value) => ({ value, label: { en: String(value), ru: String(value) } }));
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

interface SignInMore {
  readonly from?: string;
  readonly device?: { readonly id?: unknown; readonly name: string; readonly platform: string };
}

export type PeopleServer = Awaited<ReturnType<typeof startPeopleServer>>;

/** The endpoints of people over a listening server and a real database: the root administrator is there from the start. */
export async function startPeopleServer() {
  const database = await createTestDatabase();
  const { db } = database;
  const lines: string[] = [];
  const log = createLog({ level: "trace", destination: { write: (line: string) => void lines.push(line) } });
  const ended: Ended[] = [];
  const rung: number[] = [];
  const audit = createAuditLog({ db, clock: systemClock });
  const services = createServiceAccounts({ db, clock: systemClock, subjectAttributes });
  const sessions = createSessionService({ db, clock: systemClock, audit, services });
  sessions.onEnded((event) => ended.push(event));
  let policies: AccessService | undefined;
  const people = createPeopleService({
    db,
    sessions,
    clock: systemClock,
    doorbell: { ring: () => void rung.push(Date.now()) },
    subjectAttributes,
    async mayAdminister(trx, userId) {
      const subject = await loadSubject(trx, userId);
      return subject !== undefined && (policies?.mayAdminister(subject) ?? true);
    },
  });
  const administrators = await ensureAdministrators(db);
  const root = await people.create({ login: "root", name: "Root", password: PASSWORD, groupIds: [administrators] });
  const access = await createAccess({
    db,
    log: silentLog,
    resources: peopleResources,
    policies: [],
    loadSubject: (id) => loadSubject(db, id),
    loadAdministrators: () => loadAdministrators(db),
  });
  policies = access;
  const http = createHttp({
    host: "127.0.0.1",
    port: 0,
    publicUrl: undefined,
    version: "1.2.3",
    trustProxy: "loopback", // so that a test can come from many addresses
    log,
    metrics: createMetrics(),
    authenticate: ({ token }) => sessions.authenticate(token),
    maySystem: access.maySystem,
    audit,
    checks: {},
    endpoints: [
      ...signInEndpoints({
        db,
        sessions,
        info: { product: "kontor", version: "1.2.3", protocol: 1, serverId: newId(), name: "Test" },
        leaseMs: 1000,
        clock: systemClock,
        maySystem: access.maySystem,
        secureCookies: false,
      }),
      ...peopleEndpoints({ db, people, sessions, clock: systemClock, services, subjectAttributes }),
    ],
  });
  const origin = `http://127.0.0.1:${await http.listen()}`;
  let person = 0;
  let address = 0;

  async function ask(
    method: string,
    path: string,
    { body, token, headers }: { body?: unknown; token?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await fetch(`${origin}/api${path}`, {
      method,
      headers: {
        connection: "close",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? {} : (JSON.parse(text) as Answer["body"]),
    };
  }

  /** From an address of its own each time, unless it is named: what is counted per address stays out of other tests. */
  const signIn = (
    login: string,
    password = PASSWORD,
    { from = `198.51.100.${++address % 250}`, ...more }: SignInMore = {},
  ) => ask("POST", "/sign-in", { body: { login, password, ...more }, headers: { "x-forwarded-for": from } });
  const tokenOf = async (login: string, password = PASSWORD) => (await signIn(login, password)).body.token as string;
  const rootToken = await tokenOf("root");

  return {
    ...database,
    origin,
    people,
    sessions,
    services,
    /** How often the doorbell was rung. */
    rings: () => rung.length,
    administrators,
    root: root.id,
    publish: (set: readonly Policy[]) => access.publish(set, root.id),
    rootToken,
    ended,
    log: () => lines.join(""),
    ask,
    signIn,
    tokenOf,
    /** As the administrator. */
    manage: (method: string, path: string, body?: unknown) => ask(method, `/admin${path}`, { body, token: rootToken }),
    async addPerson(more: Partial<PersonInput> = {}) {
      const login = more.login ?? `person-${++person}`;
      const { id } = await people.create({ login, name: login, password: PASSWORD, ...more });
      return { id, login };
    },
    /** Until somebody waits for a row that another transaction holds. */
    async someoneWaits() {
      await expect
        .poll(async () => {
          const { rows } = await database.pool.query(
            "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          );
          return rows.length;
        })
        .toBeGreaterThan(0);
    },
    cookieOf: (answer: Answer) =>
      new RegExp(`${SESSION_COOKIE}=[^;]+`).exec(answer.headers.get("set-cookie") ?? "")?.[0],
    async stop() {
      await http.drain(1_000);
      await database.drop();
    },
  };
}

import { createAccess, authzenEndpoints } from "#access";
import { createAuditLog, createHttp, createMetrics, type Scope } from "#kernel";
import { findRecordIds, findResource } from "#objects";
import {
  createPeopleService,
  createServiceAccounts,
  createSessionService,
  findPerson,
  findSubject,
  loadAdministrators,
  loadSubject,
  pagePeople,
  peopleResources,
  peopleTables,
} from "#people";
import { createTestDatabase, silentLog } from "#testing";
import type { AttributeKind, Policy, ResourceType } from "@kontor/shared/access";
import { isId, newId, systemClock, type Json } from "@kontor/shared/base";
import type { SubjectAttributes } from "@kontor/shared/people";

export interface TestPack {
  readonly types: readonly ResourceType[];
  readonly policies: readonly Policy[];
  readonly subjectAttributes?: SubjectAttributes;
  /** Keys of groups; those of the people are added. */
  readonly groups?: readonly string[];
  readonly people: readonly {
    readonly login: string;
    readonly groups?: readonly string[];
    readonly attributes?: Readonly<Record<string, Json>>;
    readonly department?: string;
  }[];
  readonly records: readonly {
    readonly id: string;
    readonly type: string;
    /** A login. */
    readonly owner?: string;
    readonly department?: string;
    readonly state?: string;
    readonly fields?: Readonly<Record<string, Json>>;
  }[];
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, never> & { decision?: boolean; results?: { id: string; name: string; type: string }[] };
}

export type AuthzenServer = Awaited<ReturnType<typeof startAuthzenServer>>;

/** A type whose records stand in the table of records, with whatever actions a scenario has. */
export const storedType = (
  name: string,
  actions: readonly string[],
  attributes: Readonly<Record<string, AttributeKind>> = {},
): ResourceType => ({
  name,
  actions,
  sections: { main: ["title"] },
  attributes: { id: "id", owner: "id", department: "id", state: "text", ...attributes },
  attributeSql: (attribute) =>
    attribute === "state"
      ? { sql: "record.state", kind: "text" }
      : ["id", "owner", "department"].includes(attribute)
        ? { sql: `record.${attribute}`, kind: "uuid" }
        : { sql: `record.fields->'${attribute}'`, kind: "jsonb" },
});

const evaluators: Policy = {
  id: "evaluators",
  title: "Evaluators ask about everybody",
  effect: "allow",
  resource: "system",
  actions: ["evaluate"],
  when: { has: ["sub.groups", "decision-clients"] },
};

/** The AuthZEN endpoints over HTTP, with a real database, and a service that may ask about everybody. */
export async function startAuthzenServer(pack: TestPack) {
  const database = await createTestDatabase();
  const { db, pool } = database;
  const subjectAttributes = pack.subjectAttributes ?? {};
  const services = createServiceAccounts({ db, clock: systemClock, subjectAttributes });
  const audit = createAuditLog({ db, clock: systemClock });
  const sessions = createSessionService({ db, clock: systemClock, audit, services });
  const doorbell = { ring: () => undefined };
  const people = createPeopleService({ db, sessions, clock: systemClock, doorbell, subjectAttributes });

  const keys = new Set([
    "decision-clients",
    ...(pack.groups ?? []),
    ...pack.people.flatMap(({ groups = [] }) => groups),
  ]);
  const groupIds = new Map<string, string>();
  for (const key of keys) groupIds.set(key, (await people.createGroup({ key, nameEn: key, nameRu: key })).id);
  const groupsOf = (names: readonly string[]) => names.map((name) => groupIds.get(name) as string);
  const departmentIds = new Map<string, string>();
  for (const name of new Set([...pack.people, ...pack.records].flatMap(({ department }) => department ?? [])))
    departmentIds.set(name, (await people.createDepartment({ nameEn: name, nameRu: name })).id);
  const personIds = new Map<string, string>();
  for (const { login, groups = [], attributes = {}, department } of pack.people) {
    const departmentId = department === undefined ? null : departmentIds.get(department);
    const made = await people.create({ login, name: login, groupIds: groupsOf(groups), attributes, departmentId });
    personIds.set(login, made.id);
  }

  for (const { name } of pack.types)
    await pool.query("insert into object_type (name, definition) values ($1, '{}')", [name]);
  for (const { id, type, owner, department, state, fields = {} } of pack.records)
    await pool.query(
      `insert into record (id, type, owner, department, state, fields, created_by, created_at, field_meta)
       values ($1, $2, $3, $4, $5, $6, $1, now(), '{}')`,
      [id, type, personIds.get(owner ?? "") ?? null, departmentIds.get(department ?? "") ?? null, state, fields],
    );

  const access = await createAccess({
    db,
    log: silentLog,
    resources: [...peopleResources, ...pack.types],
    policies: [...pack.policies, evaluators],
    subjectAttributes: Object.fromEntries(Object.entries(subjectAttributes).map(([name, { kind }]) => [name, kind])),
    loadSubject: (id) => loadSubject(db, id),
    loadAdministrators: () => loadAdministrators(db),
  });
  const http = createHttp({
    host: "127.0.0.1",
    port: 0,
    publicUrl: undefined,
    version: "1.2.3",
    trustProxy: "loopback",
    metricsToken: undefined,
    log: silentLog,
    audit,
    metrics: createMetrics(),
    authenticate: ({ token }) => sessions.authenticate(token),
    maySystem: access.maySystem,
    checks: {},
    endpoints: authzenEndpoints({
      access,
      publicUrl: undefined,
      async loadResource(type, id) {
        if (type === "person") return findPerson(db, id);
        // The scenario's own directory of users, as a resource.
        if (type === "user") return (await findSubject(db, "user", id)) && { type, attributes: {} };
        return isId(id) ? findResource(db, access.engine(), { type, id }) : undefined;
      },
      findSubject: (type, id) => findSubject(db, type, id),
      pagePeople: (after, limit) => pagePeople(db, after, limit),
      loadPerson: (id) => loadSubject(db, id),
      findRecords: (question) => findRecordIds(db, question),
    }),
  });
  const origin = `http://127.0.0.1:${await http.listen()}`;
  const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();

  async function serviceToken(key: string, groups: readonly string[], scopes: readonly Scope[] = ["evaluate"]) {
    const { id } = await services.create({ key, name: key, groupIds: groupsOf(groups) }, {});
    return (await services.createToken(id, { name: "test", scopes, expiresAt: tomorrow() }, {})).token;
  }
  const clientToken = await serviceToken("client", ["decision-clients"]);

  let address = 0;
  /** From many addresses: what is counted per address is not what these tests are about. */
  async function send(path: string, init: RequestInit = {}, token: string | undefined = clientToken): Promise<Reply> {
    const headers = {
      "x-forwarded-for": `198.51.100.${++address % 250}`,
      connection: "close",
      ...(init.method === "POST" && { "content-type": "application/json" }),
      ...(token !== undefined && token !== "" && { authorization: `Bearer ${token}` }),
      ...(init.headers as Record<string, string>),
    };
    const response = await fetch(origin + path, { ...init, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) } as Reply;
  }

  return {
    ...database,
    origin,
    access,
    people,
    services,
    sessions,
    personIds,
    groupIds,
    clientToken,
    serviceToken,
    send,
    ask: (path: string, body: unknown, token?: string) =>
      send(`/access/v1/${path}`, { method: "POST", body: JSON.stringify(body) }, token),
    /** A personal access token, as a program of this person would have. */
    async tokenOf(login: string, scopes: readonly Scope[] = ["evaluate"]) {
      return (await sessions.createToken(personIds.get(login) as string, { name: "test", scopes })).token;
    },
    async switchOff(login: string) {
      await peopleTables(db).updateTable("app_user").set({ state: "disabled" }).where("login", "=", login).execute();
    },
    newRecordId: newId,
    async stop() {
      await http.drain(1_000);
      await database.drop();
    },
  };
}

import { randomUUID } from "node:crypto";
import { nobody, type Policy, type ResourceType, type Subject } from "@kontor/shared/access";
import { systemClock } from "@kontor/shared/base";
import { createAuditLog, createDoorbell, createHttp, createMetrics, type Principal } from "#kernel";
import { createTestDatabase, silentLog } from "#testing";
import { accessAdministration, createAccess, type AccessDeps } from "./index.ts";

export const contract: ResourceType = {
  name: "contract",
  sections: { main: ["title"], pay: ["salary"] },
  attributes: { owner: "id", level: "number", state: "text" },
  actions: ["read", "edit", "transition:sign"],
};

export const ownersRead: Policy = {
  id: "owners-read",
  title: "Owners read",
  effect: "allow",
  resource: "contract",
  actions: ["read"],
  when: { eq: ["obj.owner", "sub.id"] },
};

/** Takes the right to administer from everybody but these. */
export const onlyAdministered = (...ids: readonly string[]): Policy => ({
  id: "only-these",
  title: "Only these administer",
  effect: "deny",
  resource: "system",
  actions: ["administer"],
  when: { nin: ["sub.id", ids] },
});

const subject = (login: string, isAdmin = false): Subject => ({ ...nobody, id: randomUUID(), login, isAdmin });

/** A server with nothing but the administration of access, over HTTP and on a real database; nodes may be added. */
/** What the tests look for in answers, of whatever door. */
interface AnswerBody {
  readonly id: string;
  readonly rev: string;
  readonly baseRev: string;
  readonly version: number;
  readonly updatedAt: string;
  readonly detail: string;
  readonly reason: string;
  readonly policies: Policy[];
  readonly drafts: readonly AnswerBody[];
  readonly draft: AnswerBody;
  readonly conflicts: readonly unknown[];
  readonly faults: readonly { readonly place: string; readonly words: string; readonly index: number }[];
  readonly versions: readonly { readonly rev: string }[];
  readonly nextCursor?: string;
}

export async function startAdministrationServer() {
  const database = await createTestDatabase();
  const { db, pool, url } = database;
  const people = { root: subject("root", true), vera: subject("vera", true), anna: subject("anna") };
  const everybody = Object.values(people);
  const stops: (() => Promise<unknown>)[] = [];

  async function startNode(changes: Partial<AccessDeps> = {}) {
    const doorbell = await createDoorbell({ url, log: silentLog });
    stops.push(() => doorbell.close());
    const access = await createAccess({
      db,
      log: silentLog,
      resources: [contract],
      policies: [ownersRead],
      loadSubject: async (id) => everybody.find((known) => known.id === id),
      loadAdministrators: async () => everybody.filter(({ isAdmin }) => isAdmin),
      doorbell,
      ...changes,
    });
    stops.push(async () => access.close());
    return access;
  }

  const access = await startNode();
  const { endpoints, drafts, versions } = accessAdministration({
    db,
    access,
    clock: systemClock,
    loadResource: async () => undefined,
    records: { list: async () => ({ records: [] }), one: async () => undefined },
    namesOf: async (ids) => new Map(everybody.filter(({ id }) => ids.includes(id)).map(({ id, login }) => [id, login])),
    findValues: async () => [],
    wordsOf: () => undefined,
    subjectWords: () => undefined,
  });
  const http = createHttp({
    host: "127.0.0.1",
    port: 0,
    publicUrl: undefined,
    trustProxy: false,
    version: "test",
    log: silentLog,
    metrics: createMetrics(),
    authenticate: async ({ token }) => principalOf(everybody.find(({ login }) => login === token)),
    maySystem: access.maySystem,
    audit: createAuditLog({ db, clock: systemClock }),
    checks: {},
    endpoints,
  });
  const port = await http.listen();
  stops.push(() => http.drain(1_000));

  /** As somebody, with their login for a token. */
  async function call<Body = AnswerBody>(who: keyof typeof people, method: string, path: string, body?: unknown) {
    const response = await fetch(`http://127.0.0.1:${port}/api/access${path}`, {
      method,
      headers: {
        authorization: `Bearer ${who}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? undefined : JSON.parse(text)) as Body };
  }

  return {
    db,
    pool,
    people,
    access,
    drafts,
    versions,
    startNode,
    call,
    /** What the audit log was told, oldest first. */
    async audited(action: string) {
      const { rows } = await pool.query<{ user_id: string | null; details: Record<string, unknown> }>(
        "select user_id, details from audit_entry where action = $1 order by at, id",
        [action],
      );
      return rows;
    },
    async stop() {
      for (const stop of stops.reverse()) await stop();
      await database.drop();
    },
  };
}

const principalOf = (known: Subject | undefined): Principal | undefined =>
  known && {
    userId: known.id,
    login: known.login,
    name: known.login,
    isAdmin: known.isAdmin,
    channel: "console",
    scopes: ["read", "write", "admin"],
  };

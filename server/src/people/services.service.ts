import { sql } from "kysely";
import { nobody, type Subject } from "@kontor/shared/access";
import { DomainError, newId, type Clock } from "@kontor/shared/base";
import type { SubjectAttributes } from "@kontor/shared/people";
import { recordAudit, type AuditActor, type Database, type Principal, type Scope, type Transaction } from "#kernel";
import { changeAttributes, type AttributeValues } from "./attributes.check.ts";
import { ADMINISTRATORS, serviceTables } from "./people.tables.ts";
import { newToken, sha256Of, TOUCH_AFTER_MS } from "./token.ts";

/**
 * Services: other systems with an identity of their own. They have groups and attributes, and policies decide about them as
 * about anybody; they have no password, no session, no device and no replica. They stand in tables of their own, and so in
 * no list of people.
 *
 * A service cannot be an administrator: a secret in another system's configuration must not be enough to take the server
 * over. What one needs of the system (such as `evaluate`) a policy allows to a group.
 */
export interface ServiceAccounts {
  create(input: ServiceInput, by: AuditActor): Promise<{ id: string }>;
  change(id: string, change: ServiceChange, by: AuditActor): Promise<void>;
  createToken(
    id: string,
    input: ServiceTokenInput,
    by: AuditActor,
  ): Promise<{ id: string; token: string; expiresAt: string }>;
  withdrawToken(tokenId: string, by: AuditActor): Promise<void>;
  list(): Promise<ServiceAccount[]>;
  idOf(key: string): Promise<string>;
  authenticate(token: string): Promise<Principal | undefined>;
}

export interface ServiceInput {
  /** Lower-case letters, digits and hyphens; it stays. */
  readonly key: string;
  readonly name: string;
  readonly contact?: string | null | undefined;
  readonly groupIds?: readonly string[] | undefined;
  readonly attributes?: AttributeValues | undefined;
}
export interface ServiceChange extends Omit<ServiceInput, "key" | "name"> {
  readonly name?: string | undefined;
  readonly state?: "active" | "disabled" | undefined;
}
export interface ServiceTokenInput {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: string;
}

export interface ServiceAccount {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly contact: string | null;
  readonly state: "active" | "disabled";
  readonly groupIds: string[];
  readonly attributes: AttributeValues;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly tokens: ServiceToken[];
}
export interface ServiceToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: string[];
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
  /** It ended, or will within `WARN_MS`: time to make the next one. */
  readonly state: "valid" | "endsSoon" | "ended";
}

const DAY_MS = 86_400_000;
export const MAX_TOKEN_DAYS = 731; // two years: long enough for a yearly rotation that was forgotten once
const WARN_MS = 30 * DAY_MS; // a month: change boards meet every few weeks
const MAX_TOKENS = 20; // per service: two during a rotation, and room for several installations of one system
const MAX_SERVICES = 1_000;

/** As policies and the audit log know it; no person can be called so (0080_services.sql). */
const loginOf = (key: string): string => `service:${key}`;

export function createServiceAccounts({
  db,
  clock,
  subjectAttributes,
}: {
  readonly db: Database;
  readonly clock: Clock;
  readonly subjectAttributes: SubjectAttributes;
}): ServiceAccounts {
  const tables = serviceTables(db);
  const now = () => new Date(clock.now()).toISOString();

  async function write<T>(change: (trx: Transaction) => Promise<T>): Promise<T> {
    return db.transaction().execute(change).catch(explainConflict);
  }

  const note = (trx: Transaction, action: string, by: AuditActor, service: Named, details = {}) =>
    recordAudit(trx, now(), [
      {
        action: `service.${action}`,
        outcome: "done",
        by,
        object: { kind: "service", id: service.id, title: service.name },
        details,
      },
    ]);

  return {
    async create({ key, name, contact, groupIds = [], attributes = {} }, by) {
      const id = newId();
      await write(async (trx) => {
        const { count } = await serviceTables(trx)
          .selectFrom("service_account")
          .select((e) => e.fn.countAll<number>().as("count"))
          .executeTakeFirstOrThrow();
        if (count >= MAX_SERVICES)
          throw new DomainError("conflict", `There are ${MAX_SERVICES} services already.`, { reason: "service.many" });
        await serviceTables(trx)
          .insertInto("service_account")
          .values({
            id,
            key,
            name,
            contact: contact ?? null,
            attributes: jsonb(changeAttributes(subjectAttributes, {}, attributes)),
          })
          .execute();
        await setGroups(trx, id, groupIds);
        await note(trx, "created", by, { id, name }, { key });
      });
      return { id };
    },

    async change(id, { name, contact, groupIds, attributes, state }, by) {
      await write(async (trx) => {
        const before = await lockService(trx, id);
        await serviceTables(trx)
          .updateTable("service_account")
          .set({
            updated_at: now(),
            ...(name === undefined ? {} : { name }),
            ...(contact === undefined ? {} : { contact }),
            ...(state === undefined ? {} : { state }),
            ...(attributes === undefined
              ? {}
              : {
                  attributes: jsonb(changeAttributes(subjectAttributes, before.attributes, attributes)),
                }),
          })
          .where("id", "=", id)
          .execute();
        if (groupIds) await setGroups(trx, id, groupIds);
        const changed = Object.entries({ name, contact, groups: groupIds, attributes })
          .filter(([, value]) => value !== undefined)
          .map(([field]) => field);
        const service = { id, name: name ?? before.name };
        if (changed.length > 0) await note(trx, "changed", by, service, { fields: changed });
        if (state !== undefined && state !== before.state)
          await note(trx, state === "disabled" ? "disabled" : "enabled", by, service);
      });
    },

    async createToken(id, { name, scopes, expiresAt }, by) {
      const ends = Date.parse(expiresAt);
      if (!(ends > clock.now()))
        throw wrong("expiresAt", "token.past", "The token would have ended already. Choose a time that is to come.");
      if (ends > clock.now() + MAX_TOKEN_DAYS * DAY_MS)
        throw wrong("expiresAt", "token.tooLong", `A token of a service ends within ${MAX_TOKEN_DAYS} days.`);
      const { token, sha256 } = newToken("kv");
      const tokenId = newId();
      await write(async (trx) => {
        const service = await lockService(trx, id);
        const { count } = await serviceTables(trx)
          .selectFrom("service_token")
          .select((e) => e.fn.countAll<number>().as("count"))
          .where("service_id", "=", id)
          .executeTakeFirstOrThrow();
        if (count >= MAX_TOKENS)
          throw new DomainError("conflict", `This service has ${MAX_TOKENS} tokens. Withdraw those that ended first.`, {
            reason: "service.tokens",
            params: { limit: MAX_TOKENS },
          });
        await serviceTables(trx)
          .insertInto("service_token")
          .values({
            id: tokenId,
            service_id: id,
            name,
            token_sha256: sha256,
            scopes: [...new Set(scopes)],
            expires_at: new Date(ends).toISOString(),
            last_used_at: null,
          })
          .execute();
        await note(trx, "tokenCreated", by, service, { token: name, scopes: [...scopes], expiresAt });
      });
      return { id: tokenId, token, expiresAt: new Date(ends).toISOString() };
    },

    async withdrawToken(tokenId, by) {
      await write(async (trx) => {
        const token = await serviceTables(trx)
          .deleteFrom("service_token")
          .where("id", "=", tokenId)
          .returning(["service_id", "name"])
          .executeTakeFirst();
        if (!token) throw new DomainError("notFound", "There is no such token.", { reason: "token.unknown" });
        await note(trx, "tokenWithdrawn", by, await lockService(trx, token.service_id), { token: token.name });
      });
    },

    async list() {
      const services = await tables
        .selectFrom("service_account")
        .selectAll()
        .select(
          sql<string[]>`coalesce((select array_agg(group_id::text order by group_id) from service_group g
            where g.service_id = service_account.id), '{}')`.as("group_ids"),
        )
        .orderBy("name")
        .orderBy("id")
        .execute();
      const tokens = await tables
        .selectFrom("service_token")
        .select(["id", "service_id", "name", "scopes", "created_at", "expires_at", "last_used_at"])
        .orderBy("created_at", "desc")
        .execute();
      const byService = Map.groupBy(tokens, (token) => token.service_id);
      return services.map((service) => {
        const own = byService.get(service.id) ?? [];
        const used = own.flatMap(({ last_used_at }) => last_used_at ?? []).toSorted();
        return {
          id: service.id,
          key: service.key,
          name: service.name,
          contact: service.contact,
          state: service.state,
          groupIds: service.group_ids,
          attributes: service.attributes,
          createdAt: service.created_at,
          lastUsedAt: used.at(-1) ?? null,
          tokens: own.map((token) => ({
            id: token.id,
            name: token.name,
            scopes: token.scopes,
            createdAt: token.created_at,
            expiresAt: token.expires_at,
            lastUsedAt: token.last_used_at,
            state: stateOf(token.expires_at, clock.now()),
          })),
        };
      });
    },

    async idOf(key) {
      const row = await tables.selectFrom("service_account").select("id").where("key", "=", key).executeTakeFirst();
      if (!row) throw unknownService();
      return row.id;
    },

    async authenticate(token) {
      const row = await tables
        .selectFrom("service_token")
        .innerJoin("service_account", "service_account.id", "service_token.service_id")
        .select([
          "service_token.id",
          "service_id",
          "key",
          "service_account.name",
          "scopes",
          "expires_at",
          "last_used_at",
          "state",
        ])
        .where("token_sha256", "=", sha256Of(token))
        .executeTakeFirst();
      const at = clock.now();
      if (!row || row.state === "disabled" || Date.parse(row.expires_at) <= at) return undefined;
      if (row.last_used_at === null || at - Date.parse(row.last_used_at) > TOUCH_AFTER_MS)
        await tables.updateTable("service_token").set({ last_used_at: now() }).where("id", "=", row.id).execute();
      return {
        userId: row.service_id,
        login: loginOf(row.key),
        name: row.name,
        isAdmin: false,
        channel: "api",
        scopes: row.scopes as Scope[],
        isService: true,
      };
    },
  };
}

/** Everything that policies may ask about a service. Undefined for a disabled or unknown one. */
export async function loadServiceSubject(
  db: Database,
  by: { id: string } | { key: string },
): Promise<Subject | undefined> {
  const [column, value] = "id" in by ? (["service_account.id", by.id] as const) : (["key", by.key] as const);
  const row = await serviceTables(db)
    .selectFrom("service_account")
    .select(["id", "key", "attributes"])
    .select(
      sql<string[]>`coalesce((select array_agg(g.key order by g.key) from service_group m
        join user_group g on g.id = m.group_id where m.service_id = service_account.id), '{}')`.as("groups"),
    )
    .where(column, "=", value)
    .where("state", "=", "active")
    .executeTakeFirst();
  return row && { ...nobody, id: row.id, login: loginOf(row.key), groups: row.groups, attributes: row.attributes };
}

/** How many tokens of services that are on end soon: an administrator should hear of it before the other system does. */
export async function countEndingTokens(db: Database, clock: Clock): Promise<number> {
  const { count } = await serviceTables(db)
    .selectFrom("service_token")
    .innerJoin("service_account", "service_account.id", "service_token.service_id")
    .select((e) => e.fn.countAll<number>().as("count"))
    .where("state", "=", "active")
    .where("expires_at", ">", new Date(clock.now()).toISOString())
    .where("expires_at", "<", new Date(clock.now() + WARN_MS).toISOString())
    .executeTakeFirstOrThrow();
  return count;
}

const jsonb = (value: AttributeValues) => sql<AttributeValues>`${JSON.stringify(value)}::jsonb`;

interface Named {
  readonly id: string;
  readonly name: string;
}

function stateOf(expiresAt: string, now: number): ServiceToken["state"] {
  const left = Date.parse(expiresAt) - now;
  return left <= 0 ? "ended" : left < WARN_MS ? "endsSoon" : "valid";
}

/** Holds the row: of two changes at once the second builds on what the first left. */
async function lockService(trx: Transaction, id: string) {
  const row = await serviceTables(trx)
    .selectFrom("service_account")
    .select(["id", "name", "state", "attributes"])
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw unknownService();
  return row;
}

async function setGroups(trx: Transaction, serviceId: string, groupIds: readonly string[]): Promise<void> {
  const tables = serviceTables(trx);
  await tables.deleteFrom("service_group").where("service_id", "=", serviceId).execute();
  if (groupIds.length === 0) return;
  const administrators = await tables
    .selectFrom("user_group")
    .select("id")
    .where("key", "=", ADMINISTRATORS)
    .where("id", "in", [...groupIds])
    .executeTakeFirst();
  if (administrators)
    throw wrong(
      "groupIds",
      "service.administrator",
      "A service cannot be an administrator. Allow what it needs to a group of its own by a policy.",
    );
  await tables
    .insertInto("service_group")
    .values([...new Set(groupIds)].map((groupId) => ({ group_id: groupId, service_id: serviceId })))
    .execute();
}

const unknownService = () => new DomainError("notFound", "There is no such service.", { reason: "service.unknown" });

const CONFLICTS: Readonly<Record<string, readonly [field: string, reason: string, message: string]>> = {
  service_account_key: ["key", "key.taken", "Another service has this key."],
  service_group_group_id_fkey: ["groupIds", "group.unknown", "There is no such group."],
};

function explainConflict(error: unknown): never {
  const known = CONFLICTS[(error as { constraint?: string }).constraint ?? ""];
  throw known ? wrong(...known) : error;
}

const wrong = (field: string, reason: string, message: string) =>
  new DomainError("invalid", message, { reason, problems: [{ field, reason, message }] });

import { sql, type RawBuilder, type SqlBool } from "kysely";
import { z } from "zod";
import type { SqlPredicate } from "@kontor/shared/access";
import { DomainError, newId, type JsonObject } from "@kontor/shared/base";
import type { MailIntentName } from "@kontor/shared/mail";
import type { Intent, IntentResult } from "@kontor/shared/protocol";
import type { Actor, Database, EndpointRequest } from "#kernel";

/** What mail's endpoints stand on: REST and the socket send the same intents (SYN-4, SYN-8). */
export interface MailRestDeps {
  readonly db: Database;
  actorOf(request: EndpointRequest): Promise<Actor>;
  applyIntent(intent: Intent, actor: Actor): Promise<IntentResult>;
}

/** What an endpoint asks of the mailbox that it is about. */
export const mailboxAccess = {
  read: { kind: "policy", resource: "mailbox", action: "read" },
  edit: { kind: "policy", resource: "mailbox", action: "edit" },
  send: { kind: "policy", resource: "mailbox", action: "send" },
  manage: { kind: "policy", resource: "mailbox", action: "manage" },
} as const;

export const idParams = z.object({ id: z.uuid() });

export interface MailChange {
  /** By which a change that is sent again is known. Absent: it is a new one. */
  readonly mid?: string;
  readonly name: MailIntentName;
  readonly collection: string;
  readonly id: string;
  readonly args: JsonObject;
}

/** The answer as it is, a refusal as well. */
export const pushChange = (
  { applyIntent }: Pick<MailRestDeps, "applyIntent">,
  actor: Actor,
  change: MailChange,
): Promise<IntentResult> => applyIntent({ mid: newId(), at: actor.now, ...change }, actor);

/** A refusal is thrown as what it is. */
export async function changeMail(
  deps: Pick<MailRestDeps, "applyIntent">,
  actor: Actor,
  change: MailChange,
): Promise<IntentResult> {
  const result = await pushChange(deps, actor, change);
  if (result.status !== "rejected" && result.status !== "retry") return result;
  throw new DomainError(result.code ?? "unavailable", result.message ?? "The change was refused.", {
    reason: result.reason ?? "mail.refused",
    ...(result.problems && { problems: result.problems }),
    ...(result.retryAfterMs !== undefined && { retryAfterMs: result.retryAfterMs }),
  });
}

/** A predicate of the access engine as a condition. */
export const predicate = ({ strings, params }: SqlPredicate): RawBuilder<SqlBool> =>
  sql<SqlBool>`(${sql<SqlBool>(Object.assign([...strings], { raw: strings }) as unknown as TemplateStringsArray, ...params)})`;

/* ---------- pages, the newest first ---------- */

export interface Place {
  readonly at: string;
  readonly id: string;
}

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
};

export const cursorOf = ({ at, id }: Place): string => Buffer.from(`${at} ${id}`).toString("base64url");

export function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const [at = "", id = ""] = Buffer.from(cursor, "base64url").toString("utf8").split(" ");
  if (z.iso.datetime().safeParse(at).success && z.uuid().safeParse(id).success) return { at, id };
  throw new DomainError("invalid", "This is no place in a list.", { reason: "list.cursor" });
}

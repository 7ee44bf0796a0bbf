import type { z } from "zod";
import type { Access, AccessEngine, Context, ResourceInstance, Subject } from "@kontor/shared/access";
import type { Json, JsonObject } from "@kontor/shared/base";
import type { Request, Response } from "express";
import type { SensitivePart } from "./audit.ts";
import type { Database, Transaction } from "./database/database.ts";
import type { Log } from "./log.ts";
import type { Principal, Scope } from "./principal.ts";

/**
 * Endpoints, collections, intents and jobs are data, and each of them requires its access entry: one without a decision
 * does not compile (STYLE, law 7).
 */

/* ---------- endpoints ---------- */

export type EndpointAccess =
  /** Answers without a sign-in. */
  | { readonly kind: "anybody"; readonly because: string }
  /** Concerns nothing but the caller's own account. */
  | { readonly kind: "self"; readonly because: string }
  /** Decided by the policy set for the resource `system` and this action. */
  | { readonly kind: "system"; readonly action: string }
  /** The handler asks the engine for each instance it touches. */
  | { readonly kind: "policy"; readonly resource: string; readonly action: string };

export interface EndpointRequest {
  /** Absent only where access is `anybody`. */
  readonly principal: Principal | undefined;
  readonly requestId: string;
  readonly ip: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly raw: { readonly request: Request; readonly response: Response };
}

export interface EndpointDefinition<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Reply extends z.ZodType,
> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** Express 5 path below `/api`, for example `/records/:id`. */
  readonly path: string;
  /**
   * An outside standard says where it stands and how it talks: the path counts from the server's root, the caller's
   * `X-Request-ID` is given back, and what cannot be read is answered with 400. Absent: ours, below `/api`.
   */
  readonly root?: true;
  readonly summary: string;
  readonly tag: string;
  readonly access: EndpointAccess;
  /** What a token needs. Absent: `admin` for `system`, otherwise `read` for GET and `write`. */
  readonly scope?: Scope;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** What it answers; `undefined` with `stream` means that the handler writes the response itself. */
  readonly reply?: Reply;
  readonly stream?: boolean;
  readonly status?: number;
  /** For bodies that are larger than a card by nature. Default: 1 MiB. */
  readonly bodyBytes?: number;
  /** Attempts per minute and address; for endpoints that guess-work could hurt. */
  readonly rateLimit?: { readonly perMinute: number };
  handle(
    input: { readonly params: z.output<Params>; readonly query: z.output<Query>; readonly body: z.output<Body> },
    request: EndpointRequest,
  ): Promise<z.input<Reply>>;
}

export type Endpoint = EndpointDefinition<z.ZodType, z.ZodType, z.ZodType, z.ZodType>;

export function defineEndpoint<
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
  Reply extends z.ZodType = z.ZodVoid,
>(endpoint: EndpointDefinition<Params, Query, Body, Reply>): Endpoint {
  return endpoint as unknown as Endpoint;
}

/* ---------- collections of the feed ---------- */

/**
 * What the replica holds under one name. Rows are projected for each reader; `project` returns what this reader may
 * see, or undefined when nothing of the row is for them.
 */
export interface CollectionDefinition<Row extends { readonly id: string }> {
  readonly name: string;
  readonly access: CollectionAccess<Row>;
  byIds(db: Database, ids: readonly string[]): Promise<readonly Row[]>;
  /** Rows in id order after `after`; the whole collection is read by repeating it. */
  scan(db: Database, after: string | undefined, limit: number): Promise<readonly Row[]>;
  project(row: Row, access: Access): JsonObject | undefined;
  /** What of projected documents lies in sections marked sensitive: sending them is audited (POL-12). Absent: nothing. */
  sensitive?(db: Database, docs: readonly JsonObject[]): Promise<readonly SensitivePart[]>;
  /**
   * Rows of this collection on which policies of the engine decide by what stands in the rows named, one relation away:
   * they are decided again when those change (POL-11). Absent: there are none.
   */
  dependents?(db: Database, ids: readonly string[], engine: AccessEngine): Promise<readonly string[]>;
}

/**
 * Where the rows stand in the database under the name that `attributeSql` uses, so that what somebody may read is found by
 * one statement (POL-4) instead of deciding row by row. Absent: they are decided one by one.
 */
export interface StoredRows {
  readonly table: string;
  /** The types of which there are rows. */
  types(): readonly string[];
  /** A column that names the row's type, where there are several. */
  readonly typeColumn?: string;
}

export type CollectionAccess<Row extends { readonly id: string }> =
  | { readonly kind: "policy"; readonly stored?: StoredRows; resource(row: Row): ResourceInstance }
  /** In the order of the rows; of other rows, it has what the policies of this very engine ask for. */
  | {
      readonly kind: "policy";
      readonly stored?: StoredRows;
      resources(db: Database, rows: readonly Row[], engine: AccessEngine): Promise<readonly ResourceInstance[]>;
    }
  /** Seen by whoever sees the parent row, with the parent's mask. */
  | {
      readonly kind: "parent";
      readonly collection: string;
      parentId(row: Row): string;
      byParents(db: Database, parentIds: readonly string[]): Promise<readonly Row[]>;
      /** Where a parent has more rows than should be read at once, such as a mailbox: their ids, and the rows then some at a time. */
      idsByParents?(db: Database, parentIds: readonly string[]): Promise<readonly string[]>;
    };

/** The rows as policies see them, in the same order. */
export const resourcesOfRows = async <Row extends { readonly id: string }>(
  access: Extract<CollectionAccess<Row>, { readonly kind: "policy" }>,
  { db, rows, engine }: { readonly db: Database; readonly rows: readonly Row[]; readonly engine: AccessEngine },
): Promise<readonly ResourceInstance[]> =>
  "resources" in access ? access.resources(db, rows, engine) : rows.map((row) => access.resource(row));

export type Collection = CollectionDefinition<{ readonly id: string }>;

export const defineCollection = <Row extends { readonly id: string }>(
  collection: CollectionDefinition<Row>,
): Collection => collection as unknown as Collection;

/* ---------- intents ---------- */

/** Who acts, with everything a decision needs; made by the edge (socket or HTTP), never by the client (SYN-8). */
export interface Actor {
  readonly principal: Principal;
  readonly subject: Subject;
  readonly context: Context;
  readonly engine: AccessEngine;
  /** The server's time of this act, ISO 8601. */
  readonly now: string;
}

export interface IntentDefinition<Args extends z.ZodType> {
  readonly name: string;
  readonly collection: string;
  readonly args: Args;
  /** Of the arguments, for texts that are longer than a card by nature. Absent: `limits.intentBytes`. */
  readonly maxBytes?: number;
  /** `apply` decides per instance and field; this names what it asks. */
  readonly access:
    | { readonly kind: "policy"; readonly resource: string; readonly action: string }
    | { readonly kind: "self"; readonly because: string };
  /** Runs in one transaction with the note that the intent was applied (SYN-4). Throws a DomainError to refuse. */
  apply(
    trx: Transaction,
    intent: { readonly id: string; readonly mid: string; readonly at: string; readonly args: z.output<Args> },
    actor: Actor,
  ): Promise<IntentOutcome>;
}

export interface IntentOutcome {
  readonly status: "applied" | "merged";
  readonly data?: Json;
}

export type AnyIntent = IntentDefinition<z.ZodType>;

export const defineIntent = <Args extends z.ZodType>(intent: IntentDefinition<Args>): AnyIntent =>
  intent as unknown as AnyIntent;

/* ---------- jobs ---------- */

export interface JobDefinition<Data extends z.ZodType> {
  /** `<feature>.<verb>`, present tense: `previews.render`. */
  readonly name: string;
  readonly data: Data;
  /** Under whose rights it works. */
  readonly access: { readonly kind: "server"; readonly because: string };
  /** Most at once on this node. */
  readonly concurrency: number;
  readonly retryLimit: number;
  readonly retryDelaySeconds: number;
  readonly expireInSeconds: number;
  run(
    data: z.output<Data>,
    job: { readonly id: string; readonly attempt: number; readonly signal: AbortSignal; readonly log: Log },
  ): Promise<void>;
  /** After the last attempt failed. */
  exhausted?(data: z.output<Data>, job: { readonly id: string; readonly log: Log }): Promise<void>;
}

export type Job = JobDefinition<z.ZodType>;

export const defineJob = <Data extends z.ZodType>(job: JobDefinition<Data>): Job => job as unknown as Job;

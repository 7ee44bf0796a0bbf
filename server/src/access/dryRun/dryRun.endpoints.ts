import { z } from "zod";
import { dryRunPersonSchema, dryRunSchema } from "@kontor/shared/access";
import { DomainError } from "@kontor/shared/base";
import { defineEndpoint, type Database, type Endpoint, type Queue } from "#kernel";
import { listDryRuns, listPeople, type PeopleQuestion } from "./dryRun.repo.ts";
import type { DryRuns } from "./dryRun.service.ts";

export interface DryRunEndpointDeps {
  readonly db: Database;
  readonly dryRuns: DryRuns;
  readonly queue: Pick<Queue, "enqueue">;
}

const byId = z.object({ id: z.uuid() });
const access = { kind: "system", action: "administer" } as const;
const tag = "access";

const peopleQuery = z.object({
  sort: z.enum(["lost", "gained"]).default("lost").describe("Those who lose, or gain, most come first"),
  cursor: z.string().max(200).optional().describe("`nextCursor` of the page before"),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const dryRunEndpoints = ({ db, dryRuns, queue }: DryRunEndpointDeps): readonly Endpoint[] => [
  defineEndpoint({
    method: "post",
    path: "/access/drafts/:id/dry-runs",
    summary: "Works out, in the background, what a draft of policies would change for everybody",
    tag,
    access,
    params: byId,
    reply: z.object({ id: z.uuid() }),
    handle: async ({ params }) => ({ id: await dryRuns.start(params.id, queue) }),
  }),
  defineEndpoint({
    method: "get",
    path: "/access/dry-runs",
    summary: "Dry runs of the last week, the newest first",
    tag,
    access,
    query: z.object({ draftId: z.uuid().optional() }),
    reply: z.object({ dryRuns: z.array(dryRunSchema) }),
    handle: async ({ query }) => ({ dryRuns: [...(await listDryRuns(db, query.draftId))] }),
  }),
  defineEndpoint({
    method: "get",
    path: "/access/dry-runs/:id",
    summary: "A dry run: how far it is, and what it found",
    tag,
    access,
    params: byId,
    reply: dryRunSchema,
    handle: ({ params }) => dryRuns.find(params.id),
  }),
  defineEndpoint({
    method: "get",
    path: "/access/dry-runs/:id/people",
    summary: "For whom something would change, and what their devices would remove",
    tag,
    access,
    params: byId,
    query: peopleQuery,
    reply: z.object({ people: z.array(dryRunPersonSchema), nextCursor: z.string().optional() }),
    async handle({ params, query: { sort, cursor, limit } }) {
      await dryRuns.find(params.id);
      const after = readCursor(cursor, sort);
      const people = await listPeople(db, params.id, { sort, after, limit: limit + 1 });
      const page = people.slice(0, limit);
      const last = page.at(-1);
      return {
        people: [...page],
        ...(people.length > limit && last && { nextCursor: writeCursor(sort, last[sort], last.userId) }),
      };
    },
  }),
  defineEndpoint({
    method: "delete",
    path: "/access/dry-runs/:id",
    summary: "Cancels a dry run; one that is over is deleted",
    tag,
    access,
    params: byId,
    handle: ({ params }) => dryRuns.remove(params.id),
  }),
];

const writeCursor = (sort: string, count: number, userId: string): string =>
  Buffer.from(JSON.stringify([sort, count, userId])).toString("base64url");

const cursorSchema = z.tuple([z.enum(["lost", "gained"]), z.int(), z.uuid()]);

function readCursor(text: string | undefined, sort: PeopleQuestion["sort"]): PeopleQuestion["after"] {
  if (text === undefined) return undefined;
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(text, "base64url").toString("utf8")));
  if (!parsed.success || parsed.data[0] !== sort) {
    const words = "This cursor does not belong to this list. Begin again without one.";
    throw new DomainError("invalid", words, { reason: "list.cursor" });
  }
  const [, count, userId] = parsed.data;
  return { count, userId };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { z } from "zod";
import {
  policyDiffSchema,
  revertSchema,
  revertibleSchema,
  versionHeadSchema,
  versionSchema,
} from "@kontor/shared/access";
import { defineEndpoint, type Endpoint } from "#kernel";
import type { Presenter } from "./access.presenter.ts";
import type { AccessService } from "./access.service.ts";
import { actorOf } from "./drafts.service.ts";
import type { Versions } from "./versions.service.ts";

export interface VersionEndpointDeps {
  readonly access: AccessService;
  readonly versions: Versions;
  readonly present: Presenter;
}

const administer = { kind: "system", action: "administer" } as const;
const rev = z.string().regex(/^\d{1,15}$/, "must be the number of a version");
const side = z.union([rev, z.string().regex(/^draft:[0-9a-f-]{36}$/, "must be a version's number or draft:<id>")]);

export const versionEndpoints = ({ access, versions, present }: VersionEndpointDeps): readonly Endpoint[] => [
  defineEndpoint({
    method: "get",
    path: "/access/versions",
    summary: "Every set of policies that was published, newest first",
    tag: "access",
    access: administer,
    query: z.object({
      cursor: rev.optional().describe("`nextCursor` of the page before"),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    reply: z.object({ versions: z.array(versionHeadSchema), nextCursor: z.string().optional() }),
    async handle({ query: { cursor, limit } }) {
      await access.refresh(); // so that the newest of them is the one in force
      const before = cursor === undefined ? undefined : Number(cursor);
      const heads = await versions.list({ before, limit: limit + 1 });
      const page = heads.slice(0, limit);
      const last = page.at(-1);
      const nextCursor = heads.length > limit && last ? String(last.rev) : undefined;
      return { versions: await present.versions(page), ...(nextCursor !== undefined && { nextCursor }) };
    },
  }),
  defineEndpoint({
    method: "get",
    path: "/access/versions/:rev",
    summary: "One version with its policies, without those that are part of every set",
    tag: "access",
    access: administer,
    params: z.object({ rev }),
    reply: versionSchema,
    handle: async ({ params }) => present.version(await access.setOf(params.rev)),
  }),
  defineEndpoint({
    method: "get",
    path: "/access/diff",
    summary: "What differs between two versions or drafts, policy by policy and place by place",
    tag: "access",
    access: administer,
    query: z.object({ from: side, to: side }).describe("Each a version's number, or `draft:<id>`"),
    reply: policyDiffSchema,
    handle: async ({ query }) => versions.diff(query.from, query.to),
  }),
  defineEndpoint({
    method: "get",
    path: "/access/revertible",
    summary: "What the caller may take back without being an administrator: the set in force, if they published it",
    tag: "access",
    access: { kind: "self", because: "it tells the caller of nothing but a set that they published" },
    reply: revertibleSchema,
    async handle(_input, request) {
      const found = await versions.revertibleBy(actorOf(request).principal.userId);
      if (!found) return {};
      return { inForce: await present.head(found.inForce), previous: await present.head(found.previous) };
    },
  }),
  defineEndpoint({
    method: "post",
    path: "/access/take-back",
    summary:
      "Take back the set in force, to the one before it, by who published it; `confirm` is that one's number, typed",
    tag: "access",
    // POL-9: the set that is taken back may have taken the caller's right to administer.
    access: { kind: "self", because: "it takes back nothing but what the caller published, while it is in force" },
    scope: "admin",
    body: revertSchema,
    reply: versionHeadSchema,
    handle: async ({ body }, request) => present.head(await versions.takeBack(body, actorOf(request))),
  }),
  defineEndpoint({
    method: "post",
    path: "/access/versions/:rev/revert",
    summary: "Go back to a version, as a new one; `confirm` is its number, typed",
    tag: "access",
    access: administer,
    params: z.object({ rev }),
    body: revertSchema,
    reply: versionHeadSchema,
    handle: async ({ params, body }, request) =>
      present.head(await versions.revert(params.rev, body, actorOf(request))),
  }),
];

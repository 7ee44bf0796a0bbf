import { z } from "zod";
import {
  checkReplySchema,
  checkSchema,
  createDraftSchema,
  draftHeadSchema,
  draftSchema,
  publishDraftSchema,
  rebaseReplySchema,
  saveDraftSchema,
  versionHeadSchema,
} from "@kontor/shared/access";
import { defineEndpoint, type Endpoint } from "#kernel";
import type { Presenter } from "./access.presenter.ts";
import type { AccessService } from "./access.service.ts";
import { actorOf, type Drafts } from "./drafts.service.ts";

export interface DraftEndpointDeps {
  readonly access: AccessService;
  readonly drafts: Drafts;
  readonly present: Presenter;
}

/** 2,000 policies, the most that a set has, of 4 KiB each: with examples they have one or two. */
const POLICIES_BYTES = 8 << 20;

const administer = { kind: "system", action: "administer" } as const;
const idParams = z.object({ id: z.uuid() });

export const draftEndpoints = ({ access, drafts, present }: DraftEndpointDeps): readonly Endpoint[] => [
  defineEndpoint({
    method: "get",
    path: "/access/drafts",
    summary: "Sets of policies that are being written, last saved first",
    tag: "access",
    access: administer,
    reply: z.object({ drafts: z.array(draftHeadSchema) }),
    handle: async () => ({ drafts: await present.drafts(await drafts.list()) }),
  }),
  defineEndpoint({
    method: "post",
    path: "/access/drafts",
    summary: "Begin a draft with the set in force, or with another version",
    tag: "access",
    access: administer,
    body: createDraftSchema,
    reply: draftSchema,
    status: 201,
    handle: async ({ body }, request) => present.draft(await drafts.create(body, actorOf(request))),
  }),
  defineEndpoint({
    method: "get",
    path: "/access/drafts/:id",
    summary: "One draft with its policies, right or wrong",
    tag: "access",
    access: administer,
    params: idParams,
    reply: draftSchema,
    handle: async ({ params }) => present.draft(await drafts.get(params.id)),
  }),
  defineEndpoint({
    method: "put",
    path: "/access/drafts/:id",
    summary: "Save a draft; refused when somebody saved it after the version that is named",
    tag: "access",
    access: administer,
    params: idParams,
    body: saveDraftSchema,
    bodyBytes: POLICIES_BYTES,
    reply: draftSchema,
    handle: async ({ params, body }, request) => present.draft(await drafts.save(params.id, body, actorOf(request))),
  }),
  defineEndpoint({
    method: "delete",
    path: "/access/drafts/:id",
    summary: "Throw a draft away",
    tag: "access",
    access: administer,
    params: idParams,
    handle: async ({ params }, request) => drafts.remove(params.id, actorOf(request)),
  }),
  defineEndpoint({
    method: "post",
    path: "/access/check",
    summary: "What speaks against publishing these policies: faults with their places, examples that fail, a lock-out",
    tag: "access",
    access: administer,
    body: checkSchema,
    bodyBytes: POLICIES_BYTES,
    reply: checkReplySchema,
    handle: async ({ body }) => access.check(body.policies),
  }),
  defineEndpoint({
    method: "post",
    path: "/access/drafts/:id/check",
    summary: "What speaks against publishing a draft as it was saved",
    tag: "access",
    access: administer,
    params: idParams,
    reply: checkReplySchema,
    handle: async ({ params }) => drafts.check(params.id),
  }),
  defineEndpoint({
    method: "post",
    path: "/access/drafts/:id/rebase",
    summary: "Bring a draft up to the set in force, policy by policy; where both changed one, the draft's stays",
    tag: "access",
    access: administer,
    params: idParams,
    body: publishDraftSchema.pick({ version: true }),
    reply: rebaseReplySchema,
    async handle({ params, body }, request) {
      const { draft, conflicts } = await drafts.rebase(params.id, body, actorOf(request));
      return { draft: await present.draft(draft), conflicts: [...conflicts] };
    },
  }),
  defineEndpoint({
    method: "post",
    path: "/access/drafts/:id/publish",
    summary: "Put a draft into force as a whole; `confirm` is its title, typed. The draft is gone afterwards",
    tag: "access",
    access: administer,
    params: idParams,
    body: publishDraftSchema,
    reply: versionHeadSchema,
    handle: async ({ params, body }, request) => present.head(await drafts.publish(params.id, body, actorOf(request))),
  }),
];

import { type AttributeValue, valuesQuerySchema, valuesSchema, vocabularySchema } from "@kontor/shared/access";
import type { z } from "zod";
import { defineEndpoint, type Endpoint } from "#kernel";
import type { AccessService } from "./access.service.ts";
import { vocabularyOf, type VocabularyDeps } from "./vocabulary.ts";

export interface VocabularyEndpointDeps extends VocabularyDeps {
  readonly access: AccessService;
  findValues(query: z.output<typeof valuesQuerySchema>): Promise<readonly AttributeValue[]>;
}

const administer = { kind: "system", action: "administer" } as const;

export const vocabularyEndpoints = (deps: VocabularyEndpointDeps): readonly Endpoint[] => [
  defineEndpoint({
    method: "get",
    path: "/access/vocabulary",
    summary: "Everything that a policy may mention: types, sections, fields, actions, attributes and what they can be",
    tag: "access",
    access: administer,
    reply: vocabularySchema,
    handle: async () => vocabularyOf(deps.access.scope(), deps),
  }),
  defineEndpoint({
    method: "get",
    path: "/access/values",
    summary: "People, departments, groups or positions as values of attributes, found by name or by the exact value",
    tag: "access",
    access: administer,
    query: valuesQuerySchema,
    reply: valuesSchema,
    handle: async ({ query }) => ({ values: [...(await deps.findValues(query))] }),
  }),
];

import { z } from "zod";
import type { Endpoint } from "../define.ts";
import { addressOf, scopeOf } from "./mountEndpoint.ts";

/** OpenAPI 3.1 from the endpoints themselves: JSON Schema 2020-12, as zod writes it, is what 3.1 takes. */
export function openApiOf(endpoints: readonly Endpoint[], info: { version: string; serverUrl: string }): object {
  const paths: Record<string, Record<string, object>> = {};
  const schemas = createSchemas();
  for (const endpoint of endpoints) {
    const path = addressOf(endpoint)
      .replaceAll(/:(\w+)/g, "{$1}")
      .replaceAll(/\{\/\*(\w+)\}|\*(\w+)/g, "{$1$2}");
    (paths[path] ??= {})[endpoint.method] = operationOf(endpoint, schemas.of);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Kontor",
      version: info.version,
      description: "Whatever the desktop can do, a program can do here, with the same access decisions.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: info.serverUrl }],
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A session's or a personal access token" },
      },
      schemas: { Problem: problemSchema, ...schemas.shared },
    },
    security: [{ bearer: [] }],
    paths,
  };
}

function operationOf(endpoint: Endpoint, schemaOf: SchemaOf): object {
  const parameters = [
    ...parametersOf("path", endpoint.params, schemaOf),
    ...parametersOf("query", endpoint.query, schemaOf),
  ];
  const status = String(endpoint.status ?? (endpoint.reply ? 200 : 204));
  return {
    operationId: operationId(endpoint),
    summary: endpoint.summary,
    tags: [endpoint.tag],
    ...(endpoint.access.kind === "anybody" ? { security: [] } : {}),
    "x-access": endpoint.access,
    ...(endpoint.access.kind === "anybody" ? {} : { "x-scope": scopeOf(endpoint) }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(endpoint.body
      ? {
          requestBody: {
            required: true,
            content: { "application/json": { schema: schemaOf(endpoint.body, "input") } },
          },
        }
      : {}),
    responses: {
      [status]: endpoint.reply
        ? { description: "Done", content: { "application/json": { schema: schemaOf(endpoint.reply, "output") } } }
        : { description: endpoint.stream ? "The body" : "Done" },
      default: {
        description: "Refused; RFC 9457",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

const operationId = ({ method, path }: Endpoint) =>
  `${method}${path.replaceAll(/[^a-zA-Z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`;

function parametersOf(place: "path" | "query", schema: z.ZodType | undefined, schemaOf: SchemaOf): object[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const json = schemaOf(schema, "input") as { properties?: Record<string, object>; required?: string[] };
  return Object.entries(json.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || (json.required ?? []).includes(name),
    schema: property,
  }));
}

type SchemaOf = (schema: z.ZodType, io: "input" | "output") => object;

/**
 * JSON Schemas that can stand inside the document. What refers to itself (any JSON value does) is written by zod with
 * definitions at its own root, and references from the root: inside a document those lead nowhere, so the definitions
 * move to the document's components.
 */
function createSchemas(): { of: SchemaOf; readonly shared: Record<string, unknown> } {
  const shared: Record<string, unknown> = {};
  const names = new Map<string, string>();
  return {
    shared,
    of(schema, io) {
      const {
        $schema: _,
        $defs,
        ...json
      } = z.toJSONSchema(schema, { io, unrepresentable: "any", target: "draft-2020-12" }) as Record<string, unknown>;
      const refersToItself = JSON.stringify(json).includes('"$ref":"#"');
      if ($defs === undefined && !refersToItself) return json;
      const definitions = { ...($defs as Record<string, unknown>), ...(refersToItself ? { root: json } : {}) };
      const text = JSON.stringify(definitions);
      const prefix = names.get(text) ?? `Nested${names.size}`;
      names.set(text, prefix);
      const rewrite = (value: unknown): unknown =>
        JSON.parse(
          JSON.stringify(value)
            .replaceAll(/"\$ref":"#\/\$defs\/([^"]+)"/g, `"$ref":"#/components/schemas/${prefix}_$1"`)
            .replaceAll('"$ref":"#"', `"$ref":"#/components/schemas/${prefix}_root"`),
        );
      for (const [name, definition] of Object.entries(definitions)) shared[`${prefix}_${name}`] = rewrite(definition);
      return rewrite(json) as object;
    },
  };
}

const problemSchema = {
  type: "object",
  required: ["type", "title", "status", "code", "reason", "requestId"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string" },
    reason: { type: "string", description: "Stable key" },
    requestId: { type: "string" },
    params: { type: "object", description: "Values that belong to the reason", additionalProperties: true },
    problems: {
      type: "array",
      items: {
        type: "object",
        properties: { field: { type: "string" }, reason: { type: "string" }, message: { type: "string" }, limit: {} },
      },
    },
    retryAfterMs: { type: "integer" },
  },
};

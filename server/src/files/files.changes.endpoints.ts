import { z } from "zod";
import { DomainError, newId, type JsonObject } from "@kontor/shared/base";
import { fileIntentSchemas, type FileFacts, type FileIntentName } from "@kontor/shared/files";
import type { Intent, IntentResult } from "@kontor/shared/protocol";
import { defineEndpoint, type Actor, type Database, type Endpoint, type EndpointRequest } from "#kernel";
import { readableFile } from "./files.access.ts";
import type { FilePlaces } from "./place.port.ts";

export interface FileChangeDeps {
  readonly db: Database;
  readonly places: FilePlaces;
  actorOf(request: EndpointRequest): Promise<Actor>;
  /** REST and the socket send the same intents (SYN-4, SYN-8). */
  applyIntent(intent: Intent, actor: Actor): Promise<IntentResult>;
}

const idParams = z.object({ id: z.uuid() });
const fileReply = z.custom<FileFacts>(() => true);
const attach = { kind: "policy", resource: "*", action: "attach" } as const;

/** The changes of files over REST; a body follows `POST /records/:id/files` by tus at `/api/uploads`. */
export function fileChangeEndpoints(deps: FileChangeDeps): readonly Endpoint[] {
  const docOf = async (actor: Actor, id: string): Promise<FileFacts> => {
    const file = await readableFile(deps.db, deps.places, actor, id);
    return deps.places.of(file).toDoc(file);
  };

  return [
    defineEndpoint({
      method: "post",
      path: "/records/:id/files",
      summary:
        "Attach a file: announces it; then send the body to /api/uploads by tus, with the id as metadata `fileId`",
      tag: "files",
      access: attach,
      params: idParams,
      body: fileIntentSchemas["file.attach"].omit({ recordId: true }).extend({ id: z.uuid().optional() }),
      status: 201,
      reply: fileReply,
      async handle({ params, body: { id = newId(), ...args } }, request) {
        const actor = await deps.actorOf(request);
        await change(deps, actor, "file.attach", id, { recordId: params.id, ...args });
        return await docOf(actor, id);
      },
    }),
    defineEndpoint({
      method: "patch",
      path: "/files/:id",
      summary: "Rename a file",
      tag: "files",
      access: attach,
      params: idParams,
      body: fileIntentSchemas["file.rename"],
      reply: fileReply,
      async handle({ params, body }, request) {
        const actor = await deps.actorOf(request);
        await change(deps, actor, "file.rename", params.id, body);
        return await docOf(actor, params.id);
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/files/:id",
      summary: "Detach a file; it can be restored",
      tag: "files",
      access: attach,
      params: idParams,
      async handle({ params }, request) {
        await change(deps, await deps.actorOf(request), "file.detach", params.id, {});
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/files/:id/restore",
      summary: "Bring a detached file back",
      tag: "files",
      access: attach,
      params: idParams,
      reply: fileReply,
      async handle({ params }, request) {
        const actor = await deps.actorOf(request);
        await change(deps, actor, "file.restore", params.id, {});
        return await docOf(actor, params.id);
      },
    }),
  ];
}

async function change(
  deps: FileChangeDeps,
  actor: Actor,
  name: FileIntentName,
  id: string,
  args: JsonObject,
): Promise<void> {
  const result = await deps.applyIntent({ mid: newId(), name, collection: "files", id, args, at: actor.now }, actor);
  if (result.status !== "rejected" && result.status !== "retry") return;
  throw new DomainError(result.code ?? "unavailable", result.message ?? "The change was refused.", {
    reason: result.reason ?? "file.refused",
    ...(result.problems && { problems: result.problems }),
    ...(result.retryAfterMs !== undefined && { retryAfterMs: result.retryAfterMs }),
  });
}

import { DomainError } from "@kontor/shared/base";
import { fileIntentSchemas, type FileIntentArgs, type FileIntentName } from "@kontor/shared/files";
import { defineIntent, type Actor, type AnyIntent, type Transaction } from "#kernel";
import type { ReadableRecord, RecordAccess } from "#objects";
import { announceFile, type AnnounceDeps } from "./announceFile.ts";
import type { FileRows } from "./fileRows.ts";
import { detachFile, renameFile, restoreFile, type ChangeFileDeps } from "./changeFile.ts";
import { findRecordFiles, requireAttach } from "./record.place.ts";

export interface FileIntentDeps extends AnnounceDeps, ChangeFileDeps {
  readonly parent: RecordAccess;
  readonly rows: FileRows;
}

/** Files come to records by `file.attach`, and to other places by intents of those; the other changes are the same for all. */
export function fileIntents(deps: FileIntentDeps): readonly AnyIntent[] {
  return [
    fileIntent("file.attach", attachFile, deps),
    fileIntent("file.rename", (trx, { id, args }, actor) => renameFile(trx, deps, { id, actor, ...args }), deps),
    fileIntent("file.detach", (trx, { id }, actor) => detachFile(trx, deps, { id, actor }), deps),
    fileIntent("file.restore", (trx, { id }, actor) => restoreFile(trx, deps, { id, actor }), deps),
  ];
}

type Apply<Name extends FileIntentName> = (
  trx: Transaction,
  intent: { readonly id: string; readonly args: FileIntentArgs<Name> },
  actor: Actor,
  deps: FileIntentDeps,
) => Promise<void>;

const fileIntent = <Name extends FileIntentName>(name: Name, apply: Apply<Name>, deps: FileIntentDeps): AnyIntent =>
  defineIntent({
    name,
    collection: "files",
    args: fileIntentSchemas[name],
    access: { kind: "policy", resource: "*", action: "attach" },
    async apply(trx, intent, actor) {
      await apply(trx, { id: intent.id, args: intent.args as FileIntentArgs<Name> }, actor, deps);
      return { status: "applied" };
    },
  });

/** Makes the row; the body follows by tus under the same id. */
const attachFile: Apply<"file.attach"> = async (trx, { id, args }, actor, deps) => {
  const { recordId, field, name, mime, size, sha256 } = args;
  const record = await requireAttach(trx, deps.parent, actor, { recordId, field });
  await checkField(trx, record, { recordId, field, name });
  const created = { created_at: actor.now, created_by: actor.subject.id };
  const file = await announceFile(trx, deps, {
    id,
    record_id: recordId,
    field,
    name,
    mime,
    size,
    sha256,
    ...created,
  });
  await deps.places.of(file).noteAct(trx, file, "attached", actor);
};

/** What the type says of the field: how many, and which endings. */
async function checkField(
  trx: Transaction,
  record: ReadableRecord,
  { recordId, field, name }: { recordId: string; field: string; name: string },
): Promise<void> {
  const definition = record.type.fields[field];
  if (definition?.kind !== "files") return;
  const { max, accept } = definition;
  if (accept && !accept.some((ending) => name.toLowerCase().endsWith(ending.toLowerCase()))) {
    throw new DomainError("invalid", `Only ${accept.join(", ")} can be attached here.`, { reason: "file.kind" });
  }
  if (max === undefined) return;
  const attached = (await findRecordFiles(trx, [recordId])).filter((file) => file.field === field && !file.deleted_at);
  if (attached.length >= max) {
    throw new DomainError("invalid", `At most ${max} files can be attached here.`, { reason: "file.tooMany" });
  }
}

import { DomainError } from "@kontor/shared/base";
import { fileIntentSchemas, type FileIntentArgs, type FileIntentName } from "@kontor/shared/files";
import { defineIntent, type Actor, type AnyIntent, type IntentOutcome, type Transaction } from "#kernel";
import { noteFileChange, type ReadableRecord, type RecordAccess } from "#objects";
import { fileNotFound, isVisible, requireAttach } from "./files.access.ts";
import { findFilesOf, insertFile, lockFile, updateFiles, type FileRow } from "./files.repo.ts";

export interface FileIntentDeps {
  readonly parent: RecordAccess;
  readonly maxBytes: number;
}

/** The only ways in which the files of a record change, apart from their bodies' arrival. */
export function fileIntents(deps: FileIntentDeps): readonly AnyIntent[] {
  return [
    fileIntent("file.attach", attachFile, deps),
    fileIntent("file.rename", renameFile, deps),
    fileIntent("file.detach", detachFile, deps),
    fileIntent("file.restore", restoreFile, deps),
  ];
}

type Apply<Name extends FileIntentName> = (
  trx: Transaction,
  intent: { readonly id: string; readonly args: FileIntentArgs<Name> },
  actor: Actor,
  deps: FileIntentDeps,
) => Promise<IntentOutcome>;

const fileIntent = <Name extends FileIntentName>(name: Name, apply: Apply<Name>, deps: FileIntentDeps): AnyIntent =>
  defineIntent({
    name,
    collection: "files",
    args: fileIntentSchemas[name],
    access: { kind: "policy", resource: "*", action: "attach" },
    apply: (trx, intent, actor) =>
      apply(trx, { id: intent.id, args: intent.args as FileIntentArgs<Name> }, actor, deps),
  });

/** Makes the row; the body follows by tus under the same id. */
const attachFile: Apply<"file.attach"> = async (trx, { id, args }, actor, { parent, maxBytes }) => {
  const { recordId, field, name, mime, size, sha256 } = args;
  const record = await requireAttach(trx, parent, actor, { recordId, field });
  if (size > maxBytes) {
    throw new DomainError("tooLarge", `The file is larger than ${maxBytes} bytes, the most that this server takes.`, {
      reason: "file.tooLarge",
      params: { maxBytes },
    });
  }
  await checkField(trx, record, { recordId, field, name });
  const created = { created_at: actor.now, created_by: actor.subject.id };
  const isNew = await insertFile(trx, { id, record_id: recordId, field, name, mime, size, sha256, ...created });
  if (!isNew) throw new DomainError("conflict", "A file with this id exists already.", { reason: "file.exists" });
  await note(trx, { id, record_id: recordId, field, name }, "attached", actor);
  return { status: "applied" };
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
  const attached = (await findFilesOf(trx, [recordId])).filter((file) => file.field === field && !file.deleted_at);
  if (attached.length >= max) {
    throw new DomainError("invalid", `At most ${max} files can be attached here.`, { reason: "file.tooMany" });
  }
}

const renameFile: Apply<"file.rename"> = async (trx, { id, args }, actor, { parent }) => {
  const file = await lockForChange(trx, id, actor, parent);
  if (file.deleted_at !== null) throw fileNotFound();
  if (file.name === args.name) return { status: "applied" };
  await updateFiles(trx, { ids: [id] }, { name: args.name });
  await note(trx, { ...file, name: args.name }, "renamed", actor);
  return { status: "applied" };
};

/** Into the trash; the body is kept, and `file.restore` brings it back. */
const detachFile: Apply<"file.detach"> = async (trx, { id }, actor, { parent }) => {
  const file = await lockForChange(trx, id, actor, parent);
  if (file.deleted_at !== null) return { status: "applied" };
  await updateFiles(trx, { ids: [id] }, { deleted_at: actor.now, deleted_by: actor.subject.id });
  await note(trx, file, "detached", actor);
  return { status: "applied" };
};

const restoreFile: Apply<"file.restore"> = async (trx, { id }, actor, { parent }) => {
  const file = await lockForChange(trx, id, actor, parent);
  if (file.deleted_at === null) return { status: "applied" };
  await updateFiles(trx, { ids: [id] }, { deleted_at: null, deleted_by: null });
  await note(trx, file, "restored", actor);
  return { status: "applied" };
};

async function lockForChange(trx: Transaction, id: string, actor: Actor, parent: RecordAccess): Promise<FileRow> {
  const file = await lockFile(trx, id);
  const record = file && (await parent.accessTo(trx, actor, file.record_id));
  if (!file || !record || !isVisible(record, file)) throw fileNotFound();
  await requireAttach(trx, parent, actor, { recordId: file.record_id, field: file.field });
  return file;
}

const note = (
  trx: Transaction,
  { id, record_id, field, name }: Pick<FileRow, "id" | "record_id" | "field" | "name">,
  act: "attached" | "detached" | "renamed" | "restored",
  actor: Actor,
) => noteFileChange(trx, { recordId: record_id, file: { id, name, act, field }, actor });

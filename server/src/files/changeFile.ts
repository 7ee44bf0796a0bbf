import type { Actor, Transaction } from "#kernel";
import type { FileRows } from "./fileRows.ts";
import { lockFile, type FileRow } from "./files.repo.ts";
import { fileNotFound, type FileAct, type FilePlaces } from "./place.port.ts";

export interface ChangeFileDeps {
  readonly places: FilePlaces;
  readonly rows: Pick<FileRows, "update">;
}

interface FileChange {
  readonly id: string;
  readonly actor: Actor;
}

export const renameFile = (trx: Transaction, deps: ChangeFileDeps, change: FileChange & { readonly name: string }) =>
  changeFile(trx, deps, change, (file) => {
    if (file.deleted_at !== null) throw fileNotFound();
    return file.name === change.name ? undefined : { act: "renamed", set: { name: change.name } };
  });

/** Into the trash; the body is kept, and `restoreFile` brings it back. */
export const detachFile = (trx: Transaction, deps: ChangeFileDeps, change: FileChange) =>
  changeFile(trx, deps, change, (file) => {
    const deleted = { deleted_at: change.actor.now, deleted_by: change.actor.subject.id };
    return file.deleted_at === null ? { act: "detached", set: deleted } : undefined;
  });

export const restoreFile = (trx: Transaction, deps: ChangeFileDeps, change: FileChange) =>
  changeFile(trx, deps, change, (file) =>
    file.deleted_at === null ? undefined : { act: "restored", set: { deleted_at: null, deleted_by: null } },
  );

/** By somebody who sees the file and may change what hangs in its place. Undefined: it is so already. */
async function changeFile(
  trx: Transaction,
  { places, rows }: ChangeFileDeps,
  { id, actor }: FileChange,
  decide: (file: FileRow) => { readonly act: FileAct; readonly set: Partial<FileRow> } | undefined,
): Promise<void> {
  const file = await lockFile(trx, id);
  if (!file) throw fileNotFound();
  const place = places.of(file);
  if (!(await place.isReadable(trx, actor, file))) throw fileNotFound();
  await place.requireChange(trx, actor, file);
  const change = decide(file);
  if (!change) return;
  await rows.update(trx, { ids: [id] }, change.set);
  await place.noteAct(trx, { ...file, ...change.set }, change.act, actor);
}

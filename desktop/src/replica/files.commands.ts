import type { Queued, ReplicaRecord } from "#contract";
import { DomainError } from "@kontor/shared/base";
import type { FileDoc } from "@kontor/shared/files";
import type { CommandQueue } from "./command.queue.ts";
import type { CommandInputs, CommandsOf } from "./commandTable.ts";
import type { FetchableFile, ReplicaFiles } from "./files/index.ts";
import type { ReplicaMail } from "./mail/index.ts";

export interface FileCommandsDeps {
  readonly files: ReplicaFiles;
  readonly mail: Pick<ReplicaMail, "attachmentOf">;
}

export function createFileCommands(
  { files, mail }: FileCommandsDeps,
  { queue, viewOf }: CommandQueue,
): CommandsOf<"file"> {
  function fileOf(id: string): FileDoc {
    const file = viewOf<FileDoc>("files", id);
    if (!file) throw new DomainError("notFound", "This file is not here any more.", { reason: "file.unknown" });
    return file;
  }

  /** Of a record, or of a message. */
  const fetchableOf = (id: string): FetchableFile =>
    viewOf<FileDoc>("files", id) ?? mail.attachmentOf(id) ?? fileOf(id);

  const queueFile = (id: string, name: string, args: object, title: string): Queued =>
    queue({ collection: "files", id, name, args, title });

  async function attach({ field, id, name, recordId, source }: CommandInputs["file.attach"]): Promise<Queued> {
    if (!viewOf<ReplicaRecord>("records", recordId))
      throw new DomainError("notFound", "This record is not here any more.", { reason: "record.unknown" });
    const { size, sha256 } = await files.stage(id, source);
    const queued = queue({
      name: "file.attach",
      collection: "files",
      id,
      args: { recordId, field, name, size, sha256 },
      title: name,
      dependsOn: [{ collection: "records", id: recordId }],
      alongside: (at) => files.uploads.plan({ fileId: id, recordId, name, size, sha256, at }),
    });
    files.uploads.planned(id);
    return queued;
  }

  return {
    "file.attach": attach,
    "file.rename": ({ id, name }) => queueFile(id, "file.rename", { name }, fileOf(id).name),
    "file.detach": ({ id }) => queueFile(id, "file.detach", {}, fileOf(id).name),
    "file.restore": ({ id }) => queueFile(id, "file.restore", {}, viewOf<FileDoc>("files", id)?.name ?? ""),
    "file.fetch": ({ id, what, page }) => files.fetch(fetchableOf(id), what === "page" ? `page-${page ?? 1}` : what),
  };
}

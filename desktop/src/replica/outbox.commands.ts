import type { ReplicaRecord } from "#contract";
import { DomainError } from "@kontor/shared/base";
import type { Intent } from "@kontor/shared/protocol";
import type { CommandQueue } from "./command.queue.ts";
import type { CommandsOf } from "./commandTable.ts";
import type { ReplicaFiles, UploadState } from "./files/index.ts";
import type { ReplicaMail } from "./mail/index.ts";
import type { Issue } from "./outbox.ts";
import {
  batchKey,
  groupedBy,
  isSameRefusal,
  refusalKey,
  toIssueItem,
  toOutboxItem,
  toUploadItem,
} from "./outboxItems.ts";
import type { Replica } from "./replica.ts";

export interface OutboxCommandsDeps {
  readonly replica: Replica;
  readonly files: ReplicaFiles;
  readonly mail: Pick<ReplicaMail, "attachmentOf" | "attaching">;
}

/** What waits to be sent, and what was refused: seen, tried again, let go. */
export function createOutboxCommands(
  deps: OutboxCommandsDeps,
  { queue, viewOf }: CommandQueue,
): CommandsOf<"outbox" | "issues"> {
  const { files, mail, replica } = deps;
  const { outbox, rows } = replica;

  /** The record's name as it is now; what was noted with the change where the record is gone. */
  const titleOf = (intent: Intent & { readonly title: string }): string =>
    (intent.collection === "records" ? viewOf<ReplicaRecord>("records", intent.id)?.title : undefined) || intent.title;

  /** A refused attachment keeps its body until the user lets it go (SYN-7); trying again plans its upload anew. */
  function retryIssue(mid: string): void {
    for (const issue of issuesWith(mid)) {
      const { recordId = issue.id, name, size, sha256 } = issue.args as unknown as AttachArgs;
      const fileId = attachedFileOf(issue);
      if (fileId === undefined) replica.retryIssue(issue.mid);
      else {
        replica.retryIssue(issue.mid, (at) => files.uploads.plan({ fileId, recordId, name, size, sha256, at }));
        files.uploads.planned(fileId);
      }
    }
  }

  async function discardIssue(mid: string): Promise<void> {
    for (const { mid: each } of issuesWith(mid)) {
      const issue = replica.discardIssue(each);
      const fileId = issue && attachedFileOf(issue);
      if (fileId !== undefined && !viewOf("files", fileId) && !mail.attachmentOf(fileId)) await files.purge([fileId]);
    }
  }

  /** One act of many changes is retried and let go as one. */
  function issuesWith(mid: string): readonly Issue[] {
    const issues = outbox.issues();
    const meant = issues.find((each) => each.mid === mid);
    if (!meant) return [];
    return meant.batch === undefined ? [meant] : issues.filter((each) => isSameRefusal(each, meant));
  }

  async function discard(mid: string): Promise<void> {
    const intent = outbox.find(mid);
    if (!intent) return await discardUpload(mid);
    const { batch } = intent;
    const meant = batch === undefined ? [intent] : outbox.pending().filter((each) => each.batch === batch);
    // Of many, those that are under way go: what is left of the act is not done.
    if (meant.filter((each) => replica.discard(each.mid)).length === 0)
      throw new DomainError("conflict", "This change is being sent right now.", { reason: "outbox.sending" });
    const fileId = attachedFileOf(intent);
    if (fileId !== undefined) await files.purge([fileId]);
  }

  /** An upload whose attachment the server has taken: without its body the file would be empty for ever, so both go. */
  async function discardUpload(fileId: string): Promise<void> {
    const upload = files.uploads.stateOf(fileId);
    if (!upload) return;
    await files.purge([fileId]);
    if (rows.hasServerRow("files", fileId))
      queue({ collection: "files", id: fileId, name: "file.detach", args: {}, title: upload.name });
  }

  return {
    "outbox.list": () => [
      ...groupedBy(outbox.pending(), batchKey).map((each) => toOutboxItem(each, titleOf(each.first))),
      ...uploadsOnTheirOwn(deps).map(toUploadItem),
    ],
    "outbox.retry": ({ mid }) => {
      replica.tryNow(mid);
      files.uploads.retry(mid);
      return {};
    },
    async "outbox.discard"({ mid }) {
      await discard(mid);
      return {};
    },
    "issues.list": () =>
      groupedBy(outbox.issues(), refusalKey).map((each) =>
        toIssueItem(each, {
          title: titleOf(each.first),
          type: viewOf<ReplicaRecord>("records", each.first.id)?.type,
        }),
      ),
    "issues.retry": ({ mid }) => {
      retryIssue(mid);
      return {};
    },
    async "issues.discard"({ mid }) {
      await discardIssue(mid);
      return {};
    },
  };
}

/** A file that is still being attached is one thing that waits, not an attachment and an upload. */
export function uploadsOnTheirOwn({ files, mail, replica: { outbox } }: OutboxCommandsDeps): readonly UploadState[] {
  const uploads = files.uploads.list();
  if (uploads.length === 0) return uploads;
  const attaching = mail.attaching();
  const isAttaching = (fileId: string) =>
    attaching.has(fileId) || outbox.pendingOf("files", fileId).some(({ name }) => name === "file.attach");
  return uploads.filter(({ fileId }) => !isAttaching(fileId));
}

/** The file that a change attaches, to a record or to a message. */
function attachedFileOf({ args, id, name }: Intent): string | undefined {
  if (name === "file.attach") return id;
  return name === "mail.attach" ? String(args["fileId"]) : undefined;
}

interface AttachArgs {
  readonly recordId?: string;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

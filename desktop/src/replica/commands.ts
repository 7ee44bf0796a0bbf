import { z } from "zod";
import {
  commandInputs,
  type CommandName,
  type CommandReply,
  type CommandRequest,
  type CommandResults,
  type Queued,
  type ReplicaAccessRequest,
  type ReplicaRecord,
  type ReplicaStatus,
  type SearchResult,
} from "#contract";
import type { Hint } from "@kontor/shared/access";
import { DomainError, type Json, type JsonObject } from "@kontor/shared/base";
import type { FileDoc } from "@kontor/shared/files";
import type { RecordDoc } from "@kontor/shared/objects";
import type { Intent } from "@kontor/shared/protocol";
import { toCommandError } from "./commandError.ts";
import type { FetchableFile, ReplicaFiles, UploadState } from "./files/index.ts";
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

/** Longer than a busy server needs, and as long as somebody looks at a dialog without an answer. */
const EXPLAIN_MS = 4_000;
const hintSchema = z.object({
  allowed: z.boolean(),
  reason: z.string(),
  action: z.string(),
  resource: z.string(),
  decidedBy: z
    .object({
      id: z.string(),
      title: z.union([z.string(), z.object({ en: z.string(), ru: z.string() })]),
      contact: z.string().optional(),
    })
    .optional(),
});

export type CommandInputs = { readonly [Name in CommandName]: z.output<(typeof commandInputs)[Name]> };

/** What a window asks of the replica. Input is parsed before it touches anything; a write is durable when it resolves. */
type Commands = {
  readonly [Name in CommandName]: (input: CommandInputs[Name]) => CommandResults[Name] | Promise<CommandResults[Name]>;
};

export interface CommandsDeps {
  readonly replica: Replica;
  readonly files: ReplicaFiles;
  readonly mail: Pick<ReplicaMail, "commands" | "attachmentOf" | "attaching">;
  readonly user: ReplicaStatus["user"];
  readonly server: ReplicaStatus["server"];
}

export interface ReplicaCommands {
  status(): ReplicaStatus;
  answer(request: CommandRequest): Promise<CommandReply>;
}

export function createReplicaCommands({ replica, files, mail, user, server }: CommandsDeps): ReplicaCommands {
  const { rows, outbox } = replica;

  const status = (): ReplicaStatus => {
    const state = replica.state();
    return { ...state, pending: state.pending + uploadsOnTheirOwn().length, user, server };
  };

  /** A file that is still being attached is one thing that waits, not an attachment and an upload. */
  function uploadsOnTheirOwn(): readonly UploadState[] {
    const uploads = files.uploads.list();
    if (uploads.length === 0) return uploads;
    const attaching = mail.attaching();
    return uploads.filter(({ fileId }) => !isAttachPending(fileId) && !attaching.has(fileId));
  }

  const isAttachPending = (fileId: string) =>
    outbox.pendingOf("files", fileId).some((intent) => intent.name === "file.attach");

  const viewOf = <Doc>(collection: string, id: string): Doc | undefined =>
    rows.collection(collection)?.findByIdsSync([id])[0] as Doc | undefined;

  function recordOf(id: string): ReplicaRecord {
    const record = viewOf<ReplicaRecord>("records", id);
    if (!record) throw new DomainError("notFound", "This record is not here any more.", { reason: "record.unknown" });
    return record;
  }

  function fileOf(id: string): FileDoc {
    const file = viewOf<FileDoc>("files", id);
    if (!file) throw new DomainError("notFound", "This file is not here any more.", { reason: "file.unknown" });
    return file;
  }

  /** Of a record, or of a message. */
  function fetchableOf(id: string): FetchableFile {
    return viewOf<FileDoc>("files", id) ?? mail.attachmentOf(id) ?? fileOf(id);
  }

  function queueRecord(id: string, name: string, args: JsonObject, title: string): Queued {
    const { mid } = replica.enqueue({ name, collection: "records", id, args, title });
    return { mid };
  }

  /* ---------- records ---------- */

  /** Edits of a record that wait behind each other unsent are one edit; an unsent new record simply takes the value. */
  function edit(id: string, set: JsonObject): Queued {
    const { title } = recordOf(id);
    const last = outbox.pendingOf("records", id).at(-1);
    if (last?.name === "record.edit") {
      const { set: before, base } = last.args as { set: JsonObject; base: JsonObject };
      const args = { set: { ...before, ...set }, base: { ...basesOf(id, set, last.mid), ...base } };
      if (replica.amend(last.mid, args)) return { mid: last.mid };
    }
    if (last?.name === "record.create") {
      const { fields, ...rest } = last.args as { fields: JsonObject };
      if (replica.amend(last.mid, { ...rest, fields: { ...fields, ...set } })) return { mid: last.mid };
    }
    return queueRecord(id, "record.edit", { set, base: basesOf(id, set) }, title);
  }

  /** The revision of each field that the author saw: the server's, and one more for each own edit on its way. */
  function basesOf(id: string, set: JsonObject, except?: string): JsonObject {
    const revs = (rows.serverRow("records", id) as RecordDoc | undefined)?.revs ?? {};
    const edits = outbox
      .pendingOf("records", id)
      .filter((intent) => intent.name === "record.edit" && intent.mid !== except);
    return Object.fromEntries(
      Object.keys(set).map((field) => {
        const own = edits.filter((intent) => field in ((intent.args["set"] ?? {}) as JsonObject)).length;
        return [field, (revs[field] ?? 0) + own];
      }),
    );
  }

  /* ---------- files ---------- */

  async function attach(input: z.output<(typeof commandInputs)["file.attach"]>): Promise<Queued> {
    const { id, recordId, field, name, source } = input;
    recordOf(recordId);
    const { size, sha256 } = await files.stage(id, source);
    const { mid } = replica.enqueue({
      name: "file.attach",
      collection: "files",
      id,
      args: { recordId, field, name, size, sha256 },
      title: name,
      dependsOn: [{ collection: "records", id: recordId }],
      alongside: (at) => files.uploads.plan({ fileId: id, recordId, name, size, sha256, at }),
    });
    files.uploads.planned(id);
    return { mid };
  }

  function queueFile(id: string, name: string, args: JsonObject, title: string): Queued {
    const { mid } = replica.enqueue({ name, collection: "files", id, args, title });
    return { mid };
  }

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

  /** One act of many changes is retried and let go as one. */
  function issuesWith(mid: string): readonly Issue[] {
    const issues = outbox.issues();
    const meant = issues.find((each) => each.mid === mid);
    if (!meant) return [];
    return meant.batch === undefined ? [meant] : issues.filter((each) => isSameRefusal(each, meant));
  }

  /* ---------- access ---------- */

  function queueAccess(id: string, name: string, args: JsonObject, title: string): Queued {
    const { mid } = replica.enqueue({ name, collection: "accessRequests", id, args, title });
    return { mid };
  }

  /** The name of the record that a request is about, as far as it can be seen here. */
  function requestTitle(id: string): string {
    const request = viewOf<ReplicaAccessRequest>("accessRequests", id);
    return (request && viewOf<ReplicaRecord>("records", request.recordId)?.title) ?? "";
  }

  /** One that has not left this device is simply dropped. */
  function withdrawRequest(id: string): Queued {
    const title = requestTitle(id);
    const own = outbox.pendingOf("accessRequests", id).find((intent) => intent.name === "access.request");
    if (own && replica.discard(own.mid)) return { mid: own.mid };
    return queueAccess(id, "access.withdrawRequest", {}, title);
  }

  /** What the server says about oneself, while somebody waits for it; without an answer the device says what it knows. */
  async function explain(question: z.output<(typeof commandInputs)["access.explain"]>): Promise<{ hint?: Hint }> {
    const token = replica.token();
    if (replica.state().connection !== "online" || token === undefined) return {};
    try {
      const answer = await fetch(new URL("/api/access/explain", server.url), {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(question),
        signal: AbortSignal.timeout(EXPLAIN_MS),
      });
      return answer.ok ? { hint: hintSchema.parse(await answer.json()) as Hint } : {};
    } catch {
      return {};
    }
  }

  /* ---------- search ---------- */

  function search(text: string, limit: number, type: string | undefined): SearchResult {
    const records = rows.collection("records")?.search(text, { limit, asYouType: true });
    const found = rows.collection("files")?.search(text, { limit, asYouType: true });
    const recordHits = ((records?.documents ?? []) as unknown as readonly ReplicaRecord[]).map((record) => ({
      collection: "records" as const,
      id: record.id,
      recordId: record.id,
      type: record.type,
      title: record.title,
    }));
    const fileHits = ((found?.documents ?? []) as unknown as readonly FileDoc[]).flatMap((file) => {
      const record = viewOf<ReplicaRecord>("records", file.recordId);
      return record
        ? {
            collection: "files" as const,
            id: file.id,
            recordId: record.id,
            type: record.type,
            title: file.name,
            snippet: record.title,
          }
        : [];
    });
    const hits = [...recordHits, ...fileHits].filter((hit) => type === undefined || hit.type === type).slice(0, limit);
    return { hits, complete: (records?.complete ?? true) && (found?.complete ?? true) };
  }

  /* ---------- the table ---------- */

  const commands: Commands = {
    "status.get": status,
    "record.create": ({ id, type, fields }) =>
      queueRecord(id, "record.create", { type, fields }, titleIn(fields, type)),
    "record.edit": ({ id, set }) => edit(id, set),
    "record.transition": ({ id, transition }) =>
      queueRecord(id, "record.transition", { transition }, recordOf(id).title),
    "record.delete": ({ id }) => queueRecord(id, "record.delete", {}, recordOf(id).title),
    "record.restore": ({ id }) => queueRecord(id, "record.restore", {}, recordOf(id).title),
    "record.resolve": ({ id, ...args }) =>
      queueRecord(id, "record.resolve", args as unknown as JsonObject, recordOf(id).title),
    "file.attach": attach,
    "file.rename": ({ id, name }) => queueFile(id, "file.rename", { name }, fileOf(id).name),
    "file.detach": ({ id }) => queueFile(id, "file.detach", {}, fileOf(id).name),
    "file.restore": ({ id }) => queueFile(id, "file.restore", {}, viewOf<FileDoc>("files", id)?.name ?? ""),
    "file.fetch": ({ id, what, page }) => files.fetch(fetchableOf(id), what === "page" ? `page-${page ?? 1}` : what),
    "access.request": ({ id, ...args }) =>
      queueAccess(
        id,
        "access.request",
        args as JsonObject,
        viewOf<ReplicaRecord>("records", args.recordId)?.title ?? "",
      ),
    "access.withdrawRequest": ({ id }) => withdrawRequest(id),
    "access.grant": ({ id, ...args }) => queueAccess(id, "access.grant", args as JsonObject, requestTitle(id)),
    "access.refuse": ({ id, ...args }) => queueAccess(id, "access.refuse", args as JsonObject, requestTitle(id)),
    "access.endGrant": ({ id }) => queueAccess(id, "access.endGrant", {}, requestTitle(id)),
    "access.explain": explain,
    ...mail.commands,
    "outbox.list": () => [
      ...groupedBy(outbox.pending(), batchKey).map((each) => toOutboxItem(each, titleOf(each.first))),
      ...uploadsOnTheirOwn().map(toUploadItem),
    ],
    "outbox.retry": ({ mid }) => {
      replica.tryNow(mid);
      files.uploads.retry(mid);
      return {};
    },
    async "outbox.discard"({ mid }) {
      const intent = outbox.find(mid);
      if (!intent) return await discardUpload(mid);
      const { batch } = intent;
      const meant = batch === undefined ? [intent] : outbox.pending().filter((each) => each.batch === batch);
      // Of many, those that are under way go: what is left of the act is not done.
      if (meant.filter((each) => replica.discard(each.mid)).length === 0)
        throw new DomainError("conflict", "This change is being sent right now.", { reason: "outbox.sending" });
      const fileId = attachedFileOf(intent);
      if (fileId !== undefined) await files.purge([fileId]);
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
      for (const { mid: each } of issuesWith(mid)) {
        const issue = replica.discardIssue(each);
        const fileId = issue && attachedFileOf(issue);
        if (fileId !== undefined && !viewOf("files", fileId) && !mail.attachmentOf(fileId)) await files.purge([fileId]);
      }
      return {};
    },
    "search.query": ({ text, limit, type }) => search(text, limit, type),
    "sync.tryNow": () => {
      replica.tryNow();
      files.uploads.retry();
      return {};
    },
    "draft.get": ({ key }) => ({ value: outbox.draft(key) as Json }),
    "draft.set": ({ key, value }) => {
      outbox.setDraft(key, value);
      return {};
    },
  };

  /** An upload whose attachment the server has taken: without its body the file would be empty for ever, so both go. */
  async function discardUpload(fileId: string): Promise<Record<string, never>> {
    const upload = files.uploads.stateOf(fileId);
    if (!upload) return {};
    await files.purge([fileId]);
    if (rows.hasServerRow("files", fileId)) queueFile(fileId, "file.detach", {}, upload.name);
    return {};
  }

  /** The record's name as it is now; what was noted with the change where the record is gone. */
  const titleOf = (intent: Intent & { readonly title: string }): string =>
    (intent.collection === "records" ? viewOf<ReplicaRecord>("records", intent.id)?.title : undefined) || intent.title;

  async function answer({ id, name, input }: CommandRequest): Promise<CommandReply> {
    try {
      return { kind: "reply", id, ok: true, value: await run(name, input) };
    } catch (error) {
      return { kind: "reply", id, ok: false, error: toCommandError(error) };
    }
  }

  async function run(name: CommandName, input: unknown): Promise<unknown> {
    // From a window of ours, yet parsed like anything else from outside: the port cannot tell who writes into it.
    if (!Object.hasOwn(commandInputs, name))
      throw new DomainError("invalid", "There is no such command.", { reason: "command.unknown" });
    if (replica.isLocked && name !== "status.get")
      throw new DomainError("forbidden", "This device is locked.", { reason: "replica.locked" });
    const parsed = commandInputs[name].safeParse(input);
    if (!parsed.success)
      throw new DomainError("invalid", "The command is not in the form that it should have.", {
        reason: "command.invalid",
        problems: parsed.error.issues.map((issue) => ({
          field: issue.path.join("."),
          reason: issue.code ?? "invalid",
          message: issue.message,
        })),
      });
    return await (commands[name] as (input: unknown) => unknown)(parsed.data);
  }

  return { status, answer };
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

/** A new record's name before its view is there: its first text. */
const titleIn = (fields: Readonly<Record<string, unknown>>, type: string): string =>
  Object.values(fields)
    .find((value) => typeof value === "string" && value !== "")
    ?.toString() ?? type;

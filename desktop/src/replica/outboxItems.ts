import type { IssueItem, OutboxItem } from "#contract";
import { isObject, type Json, type JsonObject } from "@kontor/shared/base";
import type { Intent } from "@kontor/shared/protocol";
import type { UploadState } from "./files/index.ts";
import type { Issue, PendingIntent } from "./outbox.ts";

/** What waits and what was refused, as windows list it: an act on many things is one. */
export interface Grouped<Item> {
  readonly first: Item;
  readonly count: number;
}

/** Those with one key as one, where its first stands; what has no key stands for itself. */
export function groupedBy<Item extends { readonly mid: string }>(
  items: readonly Item[],
  keyOf: (item: Item) => string | undefined,
): readonly Grouped<Item>[] {
  const groups = Map.groupBy(items, (item) => keyOf(item) ?? item.mid);
  return [...groups.values()].flatMap((group) => (group[0] ? { first: group[0], count: group.length } : []));
}
export const batchKey = ({ batch }: PendingIntent): string | undefined => batch;
export const refusalKey = ({ batch, result }: Issue): string | undefined =>
  batch && `${batch} ${result.code ?? ""} ${result.reason ?? ""}`;
export const isSameRefusal = (one: Issue, other: Issue): boolean => refusalKey(one) === refusalKey(other);

/** `title`: of what it is about, as it is called now. */
export function toOutboxItem({ count, first: intent }: Grouped<PendingIntent>, title: string): OutboxItem {
  return {
    mid: intent.mid,
    kind: "intent",
    name: intent.name,
    collection: intent.collection,
    rowId: intent.id,
    ...(count > 1 ? { count } : {}),
    ...recordIdOf(intent),
    title,
    at: intent.at,
    state: intent.state === "sent" ? "sending" : intent.attempts > 0 ? "retrying" : "waiting",
    attempts: intent.attempts,
    ...(intent.lastReason === undefined ? {} : { reason: intent.lastReason }),
  };
}

export function toUploadItem(upload: UploadState): OutboxItem {
  return {
    mid: upload.fileId,
    kind: "upload",
    name: "file.upload",
    collection: "files",
    rowId: upload.fileId,
    recordId: upload.recordId,
    title: upload.name,
    at: upload.at,
    state: upload.state === "uploading" ? "sending" : upload.attempts > 0 ? "retrying" : "waiting",
    attempts: upload.attempts,
    ...(upload.reason === undefined ? {} : { reason: upload.reason }),
    progress: { sentBytes: upload.sentBytes, totalBytes: upload.size },
  };
}

/** `type`: of the record that it is about, as far as it is known here. */
export function toIssueItem(
  { count, first: issue }: Grouped<Issue>,
  { title, type }: { readonly title: string; readonly type: string | undefined },
): IssueItem {
  const { mid, name, at, result, args } = issue;
  const known = type ?? args["type"];
  return {
    mid,
    name,
    rowId: issue.id,
    collection: issue.collection,
    ...(count > 1 ? { count } : {}),
    ...recordIdOf(issue),
    ...(typeof known === "string" ? { type: known } : {}),
    title,
    at,
    status: result.status,
    ...(result.code === undefined ? {} : { code: result.code }),
    reason: result.reason ?? result.code ?? "sync.refused",
    message: result.message ?? "The server refused this change.",
    problems: result.problems ?? [],
    input: inputOf(args),
  };
}

function recordIdOf({ collection, id, args }: Intent): { readonly recordId?: string } {
  if (collection === "records") return { recordId: id };
  const { recordId } = args;
  return typeof recordId === "string" ? { recordId } : {};
}

/** What the user had put in, by field. */
function inputOf(args: JsonObject): Readonly<Record<string, Json>> {
  const { fields, set, field, value } = args;
  if (isObject(fields)) return fields;
  if (isObject(set)) return set;
  return typeof field === "string" && value !== undefined ? { [field]: value } : args;
}

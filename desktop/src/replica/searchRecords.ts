import type { ReplicaRecord, SearchResult } from "#contract";
import type { FileDoc } from "@kontor/shared/files";
import type { CommandQueue } from "./command.queue.ts";
import type { CommandInputs } from "./commandTable.ts";
import type { Rows } from "./rows.ts";

/** Records by their own words, and by those of their files' names; records stand first. */
export function searchRecords(
  rows: Rows,
  viewOf: CommandQueue["viewOf"],
  { limit, text, type }: CommandInputs["search.query"],
): SearchResult {
  const records = rows.collection("records")?.search(text, { limit, asYouType: true });
  const files = rows.collection("files")?.search(text, { limit, asYouType: true });
  const recordHits = ((records?.documents ?? []) as unknown as readonly ReplicaRecord[]).map((record) => ({
    collection: "records" as const,
    id: record.id,
    recordId: record.id,
    type: record.type,
    title: record.title,
  }));
  const fileHits = ((files?.documents ?? []) as unknown as readonly FileDoc[]).flatMap((file) => {
    const record = viewOf<ReplicaRecord>("records", file.recordId);
    if (!record) return [];
    return {
      collection: "files" as const,
      id: file.id,
      recordId: record.id,
      type: record.type,
      title: file.name,
      snippet: record.title,
    };
  });
  const hits = [...recordHits, ...fileHits].filter((hit) => type === undefined || hit.type === type).slice(0, limit);
  return { hits, complete: (records?.complete ?? true) && (files?.complete ?? true) };
}

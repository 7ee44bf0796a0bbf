import type { MailLinked, MailRow, ReplicaRecord } from "#contract";
import type { ReplicaCollection } from "#replica/storage";
import type { MailLinkDoc, MailLinkRecordDoc } from "@kontor/shared/mail";

/** Links between conversations and records: two halves under one id, of which this device holds what each side lets it. */
export interface MailLinks {
  ofThread(threadId: string): readonly MailLinked[];
  ofRecord(recordId: string): readonly MailLinked[];
  /** For a list: the record that each thread was linked to first, where both can be seen. */
  firstRecords(threadIds: readonly string[]): ReadonlyMap<string, NonNullable<MailRow["record"]>>;
  linkedThreads(): readonly string[];
  find(id: string): MailLinked | undefined;
}

/** What the storage answers at once; nobody looks through more links of one record. */
const MAX_LINKS = 10_000;

type Collections = (name: string) => ReplicaCollection<object> | undefined;
type HeldLink = MailLinkDoc & { readonly pending: number };

export function createMailLinks(collection: Collections): MailLinks {
  const query = <Doc>(name: string, selector: object): readonly Doc[] =>
    (collection(name)?.querySync({ selector, limit: MAX_LINKS }) ?? []) as unknown as readonly Doc[];
  const byIds = <Doc>(name: string, ids: readonly string[]): readonly Doc[] =>
    (collection(name)?.findByIdsSync(ids) ?? []) as unknown as readonly Doc[];

  function joined(halves: readonly HeldLink[]): readonly MailLinked[] {
    const records = new Map(
      byIds<MailLinkRecordDoc>(
        "mailLinkRecords",
        halves.map(({ id }) => id),
      ).map(({ id, recordId }) => [id, recordId]),
    );
    return halves.flatMap(({ how, id, messageId, pending, threadId }) => {
      const recordId = records.get(id);
      return recordId === undefined
        ? []
        : [{ id, threadId, recordId, how, pending, ...(messageId === undefined ? {} : { messageId }) }];
    });
  }

  return {
    ofThread: (threadId) => joined(query<HeldLink>("mailLinks", { threadId })),
    ofRecord: (recordId) =>
      joined(
        byIds<HeldLink>(
          "mailLinks",
          query<MailLinkRecordDoc>("mailLinkRecords", { recordId }).map(({ id }) => id),
        ),
      ),
    firstRecords(threadIds) {
      const links = joined(query<HeldLink>("mailLinks", { threadId: { $in: [...new Set(threadIds)] } }));
      const records = new Map(
        byIds<ReplicaRecord>(
          "records",
          links.map(({ recordId }) => recordId),
        ).map((record) => [record.id, record]),
      );
      const first = new Map<string, NonNullable<MailRow["record"]>>();
      for (const { recordId, threadId } of links) {
        const record = records.get(recordId);
        if (record && !record.trashed && !first.has(threadId))
          first.set(threadId, { id: record.id, type: record.type, title: record.number ?? record.title });
      }
      return first;
    },
    linkedThreads: () => query<HeldLink>("mailLinks", {}).map(({ threadId }) => threadId),
    find: (id) => joined(byIds<HeldLink>("mailLinks", [id]))[0],
  };
}

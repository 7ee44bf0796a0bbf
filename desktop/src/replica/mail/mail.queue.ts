import type { Queued, ReplicaMessage } from "#contract";
import { DomainError, type JsonObject } from "@kontor/shared/base";
import { isDraft } from "@kontor/shared/mail";
import type { PendingIntent } from "../outbox.ts";
import type { EnqueueInput, Replica } from "../replica.ts";

/** What commands of mail look at, and how their changes come into the outbox. */
export interface MailQueue {
  viewOf<Doc>(collection: string, id: string): Doc | undefined;
  messageOf(id: string): ReplicaMessage;
  /** One that has not left yet. */
  draftOf(id: string): ReplicaMessage;
  queue(input: Omit<EnqueueInput, "args"> & { readonly args: object }): Queued;
  queueMessage(id: string, name: string, args: object, title: string): Queued;
  /** The newest change of a row, when it was never sent and is of this name. */
  unsentOf(collection: string, id: string, name: string): PendingIntent | undefined;
}

export function createMailQueue(replica: Replica): MailQueue {
  const { outbox, rows } = replica;

  const viewOf = <Doc>(collection: string, id: string): Doc | undefined =>
    rows.collection(collection)?.findByIdsSync([id])[0] as Doc | undefined;

  function messageOf(id: string): ReplicaMessage {
    const message = viewOf<ReplicaMessage>("messages", id);
    if (!message) throw new DomainError("notFound", "This message is not here any more.", { reason: "mail.unknown" });
    return message;
  }

  function draftOf(id: string): ReplicaMessage {
    const message = messageOf(id);
    if (!isDraft(message))
      throw new DomainError("conflict", "This message has left or is about to.", { reason: "mail.notDraft" });
    return message;
  }

  function queue(input: Omit<EnqueueInput, "args"> & { readonly args: object }): Queued {
    const { mid } = replica.enqueue({ ...input, args: input.args as JsonObject });
    return { mid };
  }

  const queueMessage = (id: string, name: string, args: object, title: string): Queued =>
    queue({ collection: "messages", id, name, args, title });

  const unsentOf = (collection: string, id: string, name: string) => {
    const last = outbox.pendingOf(collection, id).at(-1);
    return last?.name === name && last.state === "waiting" && last.attempts === 0 ? last : undefined;
  };

  return { viewOf, messageOf, draftOf, queue, queueMessage, unsentOf };
}

import type { Queued, ReplicaMessage } from "#contract";
import { DomainError } from "@kontor/shared/base";
import { isDraft } from "@kontor/shared/mail";
import { createCommandQueue, type CommandQueue } from "../command.queue.ts";
import type { Replica } from "../replica.ts";

/** What commands of mail look at and queue: the same, and messages by what may be done with them. */
export interface MailQueue extends CommandQueue {
  messageOf(id: string): ReplicaMessage;
  /** One that has not left yet. */
  draftOf(id: string): ReplicaMessage;
  queueMessage(id: string, name: string, args: object, title: string): Queued;
}

export function createMailQueue(replica: Replica): MailQueue {
  const commandQueue = createCommandQueue(replica);

  function messageOf(id: string): ReplicaMessage {
    const message = commandQueue.viewOf<ReplicaMessage>("messages", id);
    if (!message) throw new DomainError("notFound", "This message is not here any more.", { reason: "mail.unknown" });
    return message;
  }

  function draftOf(id: string): ReplicaMessage {
    const message = messageOf(id);
    if (!isDraft(message))
      throw new DomainError("conflict", "This message has left or is about to.", { reason: "mail.notDraft" });
    return message;
  }

  const queueMessage = (id: string, name: string, args: object, title: string): Queued =>
    commandQueue.queue({ collection: "messages", id, name, args, title });

  return { ...commandQueue, messageOf, draftOf, queueMessage };
}

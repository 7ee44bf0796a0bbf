import type { WithDeleted } from "rxdb";
import type { Message } from "./messages.ts";

type Checkpoint = { at: number };

/** A server that has its answer ready: what is measured is the client. */
export const pullFrom =
  (documents: readonly Message[]) => async (checkpoint: Checkpoint | undefined, batchSize: number) => {
    const at = checkpoint?.at ?? 0;
    const page: WithDeleted<Message>[] = documents
      .slice(at, at + batchSize)
      .map((document) => ({ ...document, _deleted: false }));
    return { documents: page, checkpoint: { at: at + page.length } };
  };

import type { ReplicaRecord } from "#contract";
import { askMail, cardOf, useWrite } from "../mail/index.ts";
import { useRecordTitle } from "./useRecordTitle.ts";

/** Begins a message about a record, with its card or with files of it, where mail is or in a window beside the record's own. */
export function useWriteAbout(record: ReplicaRecord, inOwnWindow: boolean) {
  const titleOf = useRecordTitle();
  const write = useWrite();

  async function begin(what: Pick<Parameters<typeof write>[0] & { kind: "new" }, "cards" | "files">): Promise<void> {
    const about = { subject: titleOf(record), ...what };
    if (!inOwnWindow) return askMail({ ask: "compose", ...about });
    const draftId = await write({ kind: "new", ...about });
    if (draftId !== undefined) await window.kontor.openMailWindow({ kind: "draft", id: draftId });
  }

  return {
    sendCard: () => void begin({ cards: [cardOf(record)] }),
    sendFile: (fileId: string) => void begin({ files: [fileId] }),
  };
}

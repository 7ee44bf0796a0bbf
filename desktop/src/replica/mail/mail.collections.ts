import { mailSchemaOf, type MailCollectionName } from "#contract";
import type { JsonObject } from "@kontor/shared/base";
import {
  replayBody,
  replayContact,
  replayFolder,
  replayLink,
  replayLinkRecord,
  replayMessage,
  replayRule,
  replaySettings,
  type MailIntent,
  type MailReplayFrom,
} from "@kontor/shared/mail";
import type { ReplicaCollectionDefinition } from "../collections.ts";

/** What a replay of mail asks about other rows of this device. */
export interface MailViewContext extends MailReplayFrom {
  mailboxOf(folderId: string): string | undefined;
  mailboxOfThread(threadId: string): string | undefined;
}

type Replay<Doc> = (row: Doc | undefined, intent: MailIntent, from: MailViewContext) => Doc | undefined;

function collection<Doc extends object>(
  name: MailCollectionName,
  replay: Replay<Doc>,
  more: Pick<ReplicaCollectionDefinition, "intentsOf"> = {},
): ReplicaCollectionDefinition {
  return {
    name,
    schema: mailSchemaOf(name),
    view(row, intents, { mail }) {
      let doc = row as Doc | undefined;
      for (const intent of intents) if (mail) doc = replay(doc, intent, mail);
      return doc && ({ ...doc, pending: intents.length } as unknown as JsonObject);
    },
    rowOf: ({ pending: _pending, ...row }) => row,
    ...more,
  };
}

/** With this device's uploads of what is attached, while they last. */
function messages(): ReplicaCollectionDefinition {
  const replayed = collection("messages", replayMessage);
  return {
    ...replayed,
    view(row, intents, context) {
      const view = replayed.view(row, intents, context);
      const attachments = (view?.["attachments"] ?? []) as unknown as readonly { readonly id: string }[];
      const uploads = attachments.flatMap(({ id }) => {
        const upload = context.uploadOf?.(id);
        return upload ? [[id, upload] as const] : [];
      });
      return view && (uploads.length > 0 ? { ...view, uploads: Object.fromEntries(uploads) } : view);
    },
    rowOf: ({ pending: _pending, uploads: _uploads, ...row }) => row,
  };
}

export const mailCollections: readonly ReplicaCollectionDefinition[] = [
  {
    name: "mailboxes",
    schema: mailSchemaOf("mailboxes"),
    view: (row) => row,
    rowOf: (view) => view,
  },
  collection("mailFolders", replayFolder),
  messages(),
  collection("mailBodies", replayBody, { intentsOf: "messages" }),
  collection("mailLinks", (row, intent, from) =>
    replayLink(row as never, intent, {
      userId: from.userId,
      mailboxId: from.mailboxOfThread(String(intent.args["threadId"])),
    }),
  ),
  collection("mailLinkRecords", replayLinkRecord, { intentsOf: "mailLinks" }),
  collection("mailRules", replayRule),
  collection("contacts", replayContact),
  collection("mailSettings", (row, intent, { userId }) => replaySettings(row as never, intent, userId)),
];

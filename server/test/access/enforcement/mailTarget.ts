import { Readable } from "node:stream";
import type { Policy } from "@kontor/shared/access";
import { newId, type JsonObject } from "@kontor/shared/base";
import type { BlobStore } from "#files";
import type { Database } from "#kernel";
import { createMailboxes } from "../../../src/mail/mailboxes/createMailbox.ts";
import { messageTables } from "../../../src/mail/messages/messages.repo.ts";
import { placeMessage } from "../../../src/mail/messages/placeMessage.ts";
import { storeContent } from "../../../src/mail/messages/storeContent.ts";

/**
 * Mail for the probes: one shared mailbox, of which the masked one sees what it is and nothing that lies in it, and in it
 * messages full of the same words by which it shows when something comes out where it should not.
 */
export interface MailTarget {
  readonly mailboxId: string;
  /** In the inbox; its subject is what only a reader of messages meets. */
  readonly messageId: string;
  readonly threadId: string;
  readonly contentId: string;
  readonly folders: Readonly<Record<"inbox" | "archive" | "junk" | "trash" | "drafts", string>>;
}

/** "*" opens no mail: each right is given by name. The masked one edits contacts, but for what was noted about them. */
export const mailTestPolicies: readonly Policy[] = (["mailbox", "contact"] as const).flatMap((resource) =>
  [
    { group: "everything", actions: ["*"] },
    { group: "read-only", actions: ["read"] },
    { group: "masked", actions: ["*"], sections: ["main"] },
  ].map(({ group, ...granted }): Policy => ({
    id: `${resource}-${group}`,
    title: `${group}: ${resource}`,
    effect: "allow",
    resource,
    ...granted,
    when: { has: ["sub.groups", group] },
  })),
);

export interface MailTargets {
  fresh(): Promise<MailTarget>;
}

export async function createMailTargets(
  db: Database,
  {
    blobs,
    memberId,
    subject,
    address,
  }: {
    readonly blobs: Pick<BlobStore, "put">;
    readonly memberId: string;
    readonly subject: string;
    readonly address: string;
  },
): Promise<MailTargets> {
  const mailboxId = newId();
  await db.transaction().execute((trx) =>
    createMailboxes(trx, [
      {
        id: mailboxId,
        kind: "shared",
        name: "Guarded",
        address: "guarded@kontor.example",
        members: [{ userId: memberId, role: "manager" }],
      },
    ]),
  );
  const rows = await messageTables(db)
    .selectFrom("mail_folder")
    .select(["id", "role"])
    .where("mailbox_id", "=", mailboxId)
    .execute();
  const folders = Object.fromEntries(rows.map(({ role, id }) => [role, id])) as MailTarget["folders"];

  return {
    async fresh() {
      const messageId = `${newId()}@kontor.example`;
      const raw = await blobs.put(Readable.from([Buffer.from(`Message-ID: <${messageId}>\r\n\r\n${address}\r\n`)]));
      return await db.transaction().execute(async (trx) => {
        const contentId = await storeContent(
          trx,
          { keepFiles: async () => undefined },
          {
            parsed: {
              messageId,
              inReplyTo: [],
              refs: [],
              subject,
              people: {
                from: [{ address: "olga@elsewhere.example" }],
                to: [{ address: "guarded@kontor.example" }],
                cc: [],
              },
              sentAt: undefined,
              snippet: subject,
              text: address,
              html: undefined,
              isCut: false,
              hasRemote: false,
              attachments: [],
              extras: {},
              oddities: [],
            },
            raw,
            authenticity: { internal: false, warnings: [] },
            receivedAt: new Date().toISOString(),
            bodies: [],
          },
        );
        const placed = await placeMessage(trx, {
          mailboxId,
          folder: { role: "inbox" },
          contentId,
          receivedAt: new Date().toISOString(),
        });
        return { mailboxId, messageId: placed.id, threadId: placed.threadId, contentId, folders };
      });
    },
  };
}

export const aRule = (folderId: string): JsonObject => ({
  name: "A rule",
  enabled: true,
  position: 0,
  match: "all",
  conditions: [{ field: "subject", test: "contains", value: "x" }],
  actions: [{ do: "move", folderId }],
  stop: false,
});

export const aContact = (note: string): JsonObject => ({
  kind: "personal",
  name: "Olga",
  emails: [{ address: "olga@elsewhere.example" }],
  phones: [],
  note,
});

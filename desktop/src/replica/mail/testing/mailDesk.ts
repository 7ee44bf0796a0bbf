/** A replica with mail and without a server: rows are fed as the feed would feed them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { canonicalJson, hash64, newId, systemClock, type Clock, type JsonObject } from "@kontor/shared/base";
import type { AttachmentDoc, BodyDoc, FolderDoc, FolderRole, MailboxDoc, MessageDoc } from "@kontor/shared/mail";
import type { ReplicaKey } from "#replica/storage";
import { replicaCollections } from "../../collections.ts";
import { openReplicaFiles } from "../../files/index.ts";
import { createOfficeContext } from "../../office.context.ts";
import { openReplica } from "../../replica.ts";
import { deriveMail, openMail } from "../mail.service.ts";

export const ME = "00000000-0000-4000-8000-00000000000a";
export const MAILBOX = "00000000-0000-4000-8000-00000000000b";
const KEY: ReplicaKey = "6b".repeat(32);

export const folderId = (role: FolderRole): string =>
  `00000000-0000-4000-8000-${["inbox", "drafts", "outbox", "sent", "archive", "junk", "trash"].indexOf(role).toString(16).padStart(12, "f")}`;

export interface DeskOptions {
  readonly directory?: string;
  readonly clock?: Clock;
  readonly cipher?: "none";
  readonly withoutFolders?: boolean;
}

export async function openMailDesk({
  cipher,
  clock = systemClock,
  directory: given,
  withoutFolders,
}: DeskOptions = {}) {
  const directory = given ?? mkdtempSync(join(tmpdir(), "kontor-mail-"));
  const context = createOfficeContext(ME);
  const lost: string[] = [];
  const derived = deriveMail({ context, now: () => clock.now(), onFilesLost: (ids) => void lost.push(...ids) });
  const replica = openReplica({
    directory,
    key: KEY,
    ...(cipher ? { cipher } : {}),
    serverUrl: "http://127.0.0.1:9", // discard (RFC 863): nobody listens there
    deviceId: newId(),
    token: "token",
    leaseMs: 86_400_000,
    appVersion: "test",
    definitions: replicaCollections,
    context,
    derive: derived.derive,
    clock,
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
    log: { info: () => undefined, warn: () => undefined },
  });
  const files = await openReplicaFiles({
    directory: join(directory, "files"),
    key: Buffer.alloc(32, 7),
    sql: replica.outbox.file,
    serverUrl: "http://127.0.0.1:9",
    token: () => undefined,
    isAttachPending: () => true,
    onChange: () => undefined,
    onExpired: () => undefined,
    fetch: () => Promise.reject(new Error("no server")),
  });
  const mail = openMail({
    ...derived.held(),
    replica,
    files,
    context,
    serverUrl: "http://127.0.0.1:9",
    log: { info: () => undefined, warn: () => undefined },
    onNews: () => undefined,
  });
  let isClosed = false;
  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    await mail.close();
    await files.close();
    await replica.close();
  }
  onTestFinished(async () => {
    await close();
    if (!given) rmSync(directory, { recursive: true, force: true });
  });

  function put(collection: string, docs: readonly object[]): void {
    replica.rows.applyBatch({
      operations: docs.map((doc) => ({
        op: "put" as const,
        collection,
        id: (doc as { id: string }).id,
        doc: doc as JsonObject,
        hash: hash64(canonicalJson(doc as JsonObject)),
      })),
      cookie: { epoch: "e", position: 1 },
    });
  }
  const purge = (collection: string, ids: readonly string[]): void =>
    void replica.rows.applyBatch({ operations: ids.map((id) => ({ op: "purge" as const, collection, id })) });

  if (!withoutFolders && !given) {
    put("mailboxes", [mailbox()]);
    put(
      "mailFolders",
      (["inbox", "drafts", "outbox", "sent", "archive", "junk", "trash"] as const).map((role) => folder(role)),
    );
  }

  /** The first answer of a question. */
  function ask(name: string, input: object): unknown {
    let answer: unknown;
    mail.queries
      .watch({ kind: "watch", id: 1, name: name as never, input }, (reply) => (answer = reply.ok ? reply.value : reply))
      .stop();
    return answer;
  }

  return {
    replica,
    mail,
    files,
    file: derived.held().file,
    index: derived.held().index,
    directory,
    lost,
    put,
    purge,
    ask,
    close,
  };
}
export type MailDesk = Awaited<ReturnType<typeof openMailDesk>>;

export const mailbox = (): MailboxDoc => ({
  id: MAILBOX,
  kind: "personal",
  ownerId: ME,
  name: "Anna",
  address: "anna@aurora.example",
  addresses: ["anna@aurora.example"],
  members: [],
  can: ["read", "edit", "send", "manage"],
});

export const folder = (role: FolderRole): FolderDoc => ({ id: folderId(role), mailboxId: MAILBOX, role, name: role });

export const message = (parts: Partial<MessageDoc> = {}): MessageDoc => {
  const id = parts.id ?? newId();
  return {
    id,
    mailboxId: MAILBOX,
    folderId: folderId("inbox"),
    threadId: id,
    messageId: `${id}@aurora.example`,
    subject: "Delivery terms",
    from: [{ address: "olga@medtech.example", name: "Olga North" }],
    to: [{ address: "anna@aurora.example", name: "Anna" }],
    cc: [],
    sentAt: "2026-11-20T09:40:00.000Z",
    receivedAt: "2026-11-20T09:40:00.000Z",
    snippet: "We can confirm",
    size: 2_000,
    seen: false,
    flagged: false,
    answered: false,
    forwarded: false,
    labels: [],
    attachments: [],
    cards: [],
    authenticity: { internal: false, warnings: [] },
    ...parts,
  };
};

export const body = (id: string, text: string): BodyDoc => ({ id, mailboxId: MAILBOX, text });

export const attachment = (parts: Partial<AttachmentDoc> = {}): AttachmentDoc => ({
  id: newId(),
  name: "offer.pdf",
  mime: "application/pdf",
  size: 10,
  sha256: "0".repeat(64),
  state: "stored",
  previewState: "none",
  ...parts,
});

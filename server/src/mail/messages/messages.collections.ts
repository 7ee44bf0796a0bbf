import type { JsonObject } from "@kontor/shared/base";
import { defineCollection, type Collection } from "#kernel";
import { seesMessages } from "../mailboxes/mailbox.resource.ts";
import {
  findBodies,
  findFolders,
  findFoldersOf,
  findLinks,
  findLinksOf,
  findMessageIdsOf,
  findMessages,
  findMessagesOf,
  scanBodies,
  scanFolders,
  scanLinks,
  scanMessages,
  type BodyRow,
  type FolderRow,
  type LinkRow,
  type MessageRow,
} from "./messages.repo.ts";
import { bodyToDoc, folderToDoc, linkToDoc, linkToRecordDoc, messageToDoc } from "./projectMessage.ts";

/** What replicas hold of what lies in mailboxes: seen through the mailbox, where its messages are visible. */
export const messageCollections: readonly Collection[] = [
  defineCollection<FolderRow>({
    name: "mailFolders",
    access: { kind: "parent", collection: "mailboxes", parentId: (row) => row.mailbox_id, byParents: findFoldersOf },
    byIds: findFolders,
    scan: scanFolders,
    project: (row, access) => (seesMessages(access) ? asDoc(folderToDoc(row)) : undefined),
  }),
  defineCollection<MessageRow>({
    name: "messages",
    access: {
      kind: "parent",
      collection: "mailboxes",
      parentId: (row) => row.mailbox_id,
      byParents: findMessagesOf,
      idsByParents: findMessageIdsOf,
    },
    byIds: findMessages,
    scan: scanMessages,
    project: (row, access) => (seesMessages(access) ? asDoc(messageToDoc(row)) : undefined),
  }),
  // Below the messages, and so with their mailbox's mask, too: texts are read some hundred at a time, and never all those of a
  // mailbox at once.
  defineCollection<BodyRow>({
    name: "mailBodies",
    access: { kind: "parent", collection: "messages", parentId: (row) => row.id, byParents: findBodies },
    byIds: findBodies,
    scan: scanBodies,
    project: (row, access) => (seesMessages(access) ? asDoc(bodyToDoc(row)) : undefined),
  }),
  defineCollection<LinkRow>({
    name: "mailLinks",
    access: {
      kind: "parent",
      collection: "mailboxes",
      parentId: (row) => row.mailbox_id,
      byParents: (db, mailboxIds) => findLinksOf(db, { mailboxIds }),
    },
    byIds: findLinks,
    scan: scanLinks,
    project: (row, access) => (seesMessages(access) ? asDoc(linkToDoc(row)) : undefined),
  }),
  defineCollection<LinkRow>({
    name: "mailLinkRecords",
    access: {
      kind: "parent",
      collection: "records",
      parentId: (row) => row.record_id,
      byParents: (db, recordIds) => findLinksOf(db, { recordIds }),
    },
    byIds: findLinks,
    scan: scanLinks,
    project: (row, access) => (access.readable ? asDoc(linkToRecordDoc(row)) : undefined),
  }),
];

// The documents' interfaces have no index signature, which is all that tells them from JSON.
const asDoc = (doc: object) => doc as JsonObject;

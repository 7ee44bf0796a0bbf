import type { ReplicaBody, ReplicaContact, ReplicaDraft, ReplicaMessage, ReplicaRule } from "#contract";
import { defaultMailSettings, type MailSettingsDoc } from "@kontor/shared/mail";
import type { QueryTable } from "../queries.ts";
import type { MailLists } from "./mail.lists.ts";

export interface MailQueriesDeps {
  readonly userId: string;
  readonly lists: MailLists;
  find<Doc>(collection: string, ids: readonly string[]): readonly Doc[];
  query<Doc>(collection: string, query: object): readonly Doc[];
}

/** What windows watch of mail, and whose changes may change each answer. */
export const mailQueries = ({ find, lists, query, userId }: MailQueriesDeps): QueryTable => ({
  "mail.boxes": { dependsOn: ["mailboxes", "mailFolders", "messages"], run: () => lists.boxes() },
  "mail.list": {
    dependsOn: ["messages", "mailFolders", "mailboxes", "mailLinks", "mailLinkRecords"],
    run: ({ limit, list, skip }) => lists.page(list, skip, limit),
  },
  "mail.thread": {
    dependsOn: ["messages", "mailLinks", "mailLinkRecords"],
    run: ({ threadId }) => lists.thread(threadId),
  },
  "mail.message": { dependsOn: ["messages"], run: ({ id }) => find<ReplicaMessage>("messages", [id])[0] ?? null },
  "mail.draft": { dependsOn: ["messages", "mailBodies"], run: ({ id }) => draftOf(id, { find, lists, userId }) },
  "mail.bodies": { dependsOn: ["mailBodies"], run: ({ ids }) => find<ReplicaBody>("mailBodies", ids) },
  "mail.ofRecord": {
    dependsOn: ["messages", "mailLinks", "mailLinkRecords"],
    run: ({ recordId }) => lists.ofRecord(recordId),
  },
  "mail.rules": {
    dependsOn: ["mailRules"],
    run: ({ mailboxId }) =>
      query<ReplicaRule>("mailRules", { selector: { mailboxId } }).toSorted((a, b) => a.position - b.position),
  },
  "mail.contacts": {
    dependsOn: ["contacts"],
    run: () => query<ReplicaContact>("contacts", { selector: {}, sort: [{ name: "asc" }], limit: MAX_CONTACTS }),
  },
  "mail.settings": {
    dependsOn: ["mailSettings"],
    run: () => find<MailSettingsDoc>("mailSettings", [userId])[0] ?? defaultMailSettings(userId),
  },
});

const DRAFTS = { place: { at: "role", role: "drafts" }, conversations: false, filter: "all" } as const;
/** The newest drafts, among which is what was kept a moment ago. */
const LOOKED_AT = 50;

function draftOf(id: string, { find, lists, userId }: Omit<MailQueriesDeps, "query">): ReplicaDraft | null {
  const [message] = find<ReplicaMessage>("messages", [id]);
  if (!message) return null;
  const beside = find<ReplicaMessage>("messages", lists.idsOf(DRAFTS, undefined, LOOKED_AT)).find(
    ({ draft, send }) => draft?.conflictOf === id && send?.by === userId,
  );
  const [body] = find<ReplicaBody>("mailBodies", [id]);
  return { message, html: body?.html ?? "", ...(beside ? { keptBesideId: beside.id } : {}) };
}

/** What the storage answers at once; an office has some thousands. */
const MAX_CONTACTS = 10_000;

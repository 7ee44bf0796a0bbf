import { newId } from "@kontor/shared/base";
import { OPEN, secrets, type Target } from "./guardedOffice.ts";
import { pushed } from "./mail.doors.ts";
import { aContact, aRule } from "./mailTarget.ts";
import type { Probe, ProbeRequest } from "./probes.ts";

const at =
  (path: string, body?: object | ((target: Target) => object)) =>
  (target: Target): ProbeRequest => {
    const { mail, recordId } = target;
    return {
      path: path
        .replace(":mailboxId", mail.mailboxId)
        .replace(":messageId", mail.messageId)
        .replace(":threadId", mail.threadId)
        .replace(":inbox", mail.folders.inbox)
        .replace(":recordId", recordId),
      ...(body && { body: typeof body === "function" ? body(target) : body }),
    };
  };

/** How the endpoints of mail are asked. Of the mailbox, the masked one sees what it is; of a contact, all but the note. */
export const mailProbes: Readonly<Record<string, Probe>> = {
  "get /mail/mailboxes": {
    kind: "reads",
    shows: "guarded@kontor.example",
    maskedMay: true,
    request: at("/mail/mailboxes"),
  },
  "get /mail/mailboxes/:id": {
    kind: "reads",
    shows: "guarded@kontor.example",
    maskedMay: true,
    request: at("/mail/mailboxes/:mailboxId"),
  },
  "put /mail/mailboxes/:id/members": {
    kind: "changes",
    maskedMay: true, // who has a mailbox and who reads it are two rights
    request: (target, { userIds }) =>
      at("/mail/mailboxes/:mailboxId/members", {
        members: [
          { userId: userIds.everything, role: turn % 2 === 0 ? "manager" : "sender" },
          { userId: userIds.masked, role: (["reader", "editor", "sender"] as const)[turn++ % 3] },
        ],
      })(target),
  },
  "patch /mail/mailboxes/:id": {
    kind: "changes",
    maskedMay: true,
    request: (target) => at("/mail/mailboxes/:mailboxId", { name: `Guarded ${newId()}` })(target),
  },
  "get /mail/mailboxes/:id/folders": {
    kind: "reads",
    shows: '"role":"inbox"',
    request: at("/mail/mailboxes/:mailboxId/folders"),
  },
  "get /mail/folders/:id/messages": {
    kind: "reads",
    shows: secrets.payAccount,
    request: at("/mail/folders/:inbox/messages?unread=true"),
  },
  // The message shows no picture: who may read it is told so, and nobody else learns even that.
  "get /mail/messages/:id/remote": {
    kind: "reads",
    answers: 404,
    shows: "picture.notNamed",
    request: at(`/mail/messages/:messageId/remote?url=${encodeURIComponent("https://pictures.example/a.png")}`),
  },
  "post /mail/folders/:id/import": {
    kind: "changes",
    request: (target) => ({
      ...at("/mail/folders/:inbox/import", { no: "message" })(target),
      headers: { "content-type": "message/rfc822" },
    }),
  },
  "post /mail/mailboxes/:id/known": {
    kind: "reads",
    async request(target, { test }) {
      const { rows } = await test.pool.query<{ raw_sha256: string }>(
        "select raw_sha256 from mail_content where id = $1",
        [target.mail.contentId],
      );
      return at("/mail/mailboxes/:mailboxId/known", { sha256: [rows[0]?.raw_sha256] })(target);
    },
    shows: '"known":["',
  },
  "get /mail/folders/:id/export": {
    kind: "reads",
    shows: secrets.address,
    request: at("/mail/folders/:inbox/export"),
  },
  "get /mail/threads/:id/messages": {
    kind: "reads",
    shows: secrets.payAccount,
    request: at("/mail/threads/:threadId/messages"),
  },
  "get /mail/search": {
    kind: "reads",
    shows: secrets.payAccount,
    maskedMay: true, // and finds nothing
    request: at(`/mail/search?query=${encodeURIComponent(secrets.payAccount)}`),
  },
  "get /mail/messages/:id": { kind: "reads", shows: secrets.payAccount, request: at("/mail/messages/:messageId") },
  "get /mail/messages/:id/body": {
    kind: "reads",
    shows: secrets.address,
    request: at("/mail/messages/:messageId/body"),
  },
  "get /mail/messages/:id/raw": { kind: "reads", shows: secrets.address, request: at("/mail/messages/:messageId/raw") },
  "patch /mail/messages/:id": { kind: "changes", request: at("/mail/messages/:messageId", { flagged: true }) },
  "delete /mail/messages/:id": {
    kind: "changes",
    async request(target, office) {
      await pushed(office, "mail.update", target.mail.messageId, { folderId: target.mail.folders.trash });
      return at("/mail/messages/:messageId")(target);
    },
  },
  "post /mail/messages/:id/thread": { kind: "changes", request: at("/mail/messages/:messageId/thread", {}) },
  // Each message for itself: the call succeeds, and says of each that it was refused.
  "post /mail/messages/bulk": {
    kind: "changes",
    answersEach: true,
    request: at("/mail/messages/bulk", ({ mail }) => ({
      ids: [mail.messageId],
      change: { update: { flagged: true } },
    })),
  },
  "post /mail/mailboxes/:id/folders": {
    kind: "changes",
    request: (target) => at("/mail/mailboxes/:mailboxId/folders", { name: newId() })(target),
  },
  "patch /mail/folders/:id": {
    kind: "changes",
    async request({ mail }, office) {
      const id = await pushed(office, "folder.create", newId(), { mailboxId: mail.mailboxId, name: newId() });
      return { path: `/mail/folders/${id}`, body: { name: newId() } };
    },
  },
  "delete /mail/folders/:id": {
    kind: "changes",
    async request({ mail }, office) {
      const id = await pushed(office, "folder.create", newId(), { mailboxId: mail.mailboxId, name: newId() });
      return { path: `/mail/folders/${id}` };
    },
  },
  "get /mail/threads/:id/links": {
    kind: "reads",
    shows: '"recordId"',
    async request(target, office) {
      const { mail, recordId } = target;
      await pushed(office, "mail.link", newId(), { threadId: mail.threadId, recordId });
      return at("/mail/threads/:threadId/links")(target);
    },
  },
  "get /records/:id/mail": {
    kind: "reads",
    shows: secrets.payAccount,
    maskedMay: true, // the record is theirs to see, and the mail is not: the list is empty
    async request(target, office) {
      const { mail, recordId } = target;
      await pushed(office, "mail.link", newId(), { threadId: mail.threadId, recordId });
      return at("/records/:recordId/mail")(target);
    },
  },
  "post /mail/links": {
    kind: "changes",
    request: at("/mail/links", ({ mail, recordId }) => ({ threadId: mail.threadId, recordId })),
  },
  "delete /mail/links/:id": {
    kind: "changes",
    async request({ mail, recordId }, office) {
      const id = await pushed(office, "mail.link", newId(), { threadId: mail.threadId, recordId });
      return { path: `/mail/links/${id}` };
    },
  },
  "get /mail/mailboxes/:id/rules": {
    kind: "reads",
    readOnlyMayNot: true, // rules are for those who change them
    shows: "A rule",
    async request(target, office) {
      const { mail } = target;
      await pushed(office, "rule.save", newId(), { mailboxId: mail.mailboxId, rule: aRule(mail.folders.archive) });
      return at("/mail/mailboxes/:mailboxId/rules")(target);
    },
  },
  "post /mail/mailboxes/:id/rules": {
    kind: "changes",
    request: at("/mail/mailboxes/:mailboxId/rules", ({ mail }) => ({ rule: aRule(mail.folders.archive) })),
  },
  "delete /mail/rules/:id": {
    kind: "changes",
    async request({ mail }, office) {
      const rule = aRule(mail.folders.archive);
      return { path: `/mail/rules/${await pushed(office, "rule.save", newId(), { mailboxId: mail.mailboxId, rule })}` };
    },
  },
  "post /mail/mailboxes/:id/rules/run": {
    kind: "changes",
    request: at("/mail/mailboxes/:mailboxId/rules/run", ({ mail }) => ({ folderId: mail.folders.junk })),
  },
  "get /mail/rule-runs/:id": {
    kind: "reads",
    readOnlyMayNot: true,
    shows: '"total"',
    async request({ mail }, { clients }) {
      const path = `/api/mail/mailboxes/${mail.mailboxId}/rules/run`;
      const run = await clients.everything.json<{ id: string }>("POST", path, { folderId: mail.folders.junk });
      return { path: `/mail/rule-runs/${run.id}` };
    },
  },
  "get /mail/contacts": {
    kind: "reads",
    shows: OPEN,
    maskedMay: true,
    async request(_target, office) {
      const contact = { ...aContact(secrets.address), name: `${OPEN} contact` };
      await pushed(office, "contact.save", newId(), { contact });
      return { path: "/mail/contacts?limit=500" };
    },
  },
  "get /mail/contacts/export": {
    kind: "reads",
    shows: OPEN,
    maskedMay: true,
    async request(_target, office) {
      const contact = { ...aContact(secrets.address), name: `${OPEN} contact` };
      await pushed(office, "contact.save", newId(), { contact });
      return { path: "/mail/contacts/export" };
    },
  },
  "get /mail/suggestions": {
    kind: "reads",
    shows: "open@elsewhere.example",
    maskedMay: true,
    async request(_target, office) {
      const emails = [{ address: "open@elsewhere.example" }];
      await pushed(office, "contact.save", newId(), { contact: { ...aContact(secrets.address), name: OPEN, emails } });
      return { path: "/mail/suggestions?query=open" };
    },
  },
  "post /mail/contacts": {
    kind: "changes",
    maskedMay: true, // all but the note
    async request(_target, office) {
      const id = await pushed(office, "contact.save", newId(), { contact: aContact(secrets.address) });
      return { path: "/mail/contacts", body: { id, contact: { ...aContact("overwritten"), name: newId() } } };
    },
  },
  "post /mail/contacts/import": {
    kind: "changes",
    maskedMay: true, // into their own book
    request: () => ({
      path: "/mail/contacts/import",
      body: { kind: "personal", vcards: `BEGIN:VCARD\nFN:${newId()}\nEND:VCARD\n` },
    }),
  },
  "delete /mail/contacts/:id": {
    kind: "changes",
    maskedMay: true,
    async request(_target, office) {
      return { path: `/mail/contacts/${await pushed(office, "contact.save", newId(), { contact: aContact("") })}` };
    },
  },
};

/** Each time members are set, they are others than those of the three times before. */
let turn = 0;

import { newId, type JsonObject } from "@kontor/shared/base";
import { secrets, type GuardedOffice, type Target } from "./guardedOffice.ts";
import { pushed, type IntentProbe } from "./mail.doors.ts";
import type { Probe } from "./probes.ts";

/** How what leaves is pushed and asked for. Nothing leaves while the probes run: it would change what they compare. */
const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString();
const later = () => ({ undoSeconds: 0, at: tomorrow() });

const draftOf = (subject: string): JsonObject => ({
  from: { address: "guarded@kontor.example" },
  to: [{ address: "guarded@kontor.example" }],
  cc: [],
  bcc: [],
  subject,
  html: `<p>${secrets.address}</p>`,
  cards: [],
  origin: { kind: "new" },
});
const saved = ({ mail }: Target, subject: string = secrets.payAccount): JsonObject => ({
  mailboxId: mail.mailboxId,
  draft: draftOf(subject),
  base: 1,
});
const draft = (target: Target, office: GuardedOffice) => pushed(office, "mail.saveDraft", newId(), saved(target));
const scheduled = async (target: Target, office: GuardedOffice) =>
  await pushed(office, "mail.send", await draft(target, office), later());
async function attached(target: Target, office: GuardedOffice) {
  const [id, fileId] = [await draft(target, office), newId()];
  await pushed(office, "mail.attach", id, announced(fileId));
  return { id, fileId };
}
const announced = (fileId: string): JsonObject => ({
  fileId,
  name: secrets.fileName,
  size: 10,
  sha256: "0".repeat(64),
  mime: "application/pdf",
});

export const sendIntentProbes: Readonly<Record<string, IntentProbe>> = {
  "mail.saveDraft": async (target, office) => ({ id: await draft(target, office), args: saved(target, newId()) }),
  "mail.attach": async (target, office) => ({ id: await draft(target, office), args: announced(newId()) }),
  "mail.attachStored": async (target, office) => ({
    id: await draft(target, office),
    args: { fileId: newId(), sourceFileId: target.fileId },
  }),
  "mail.attachAs": async (target, office) => {
    const { id, fileId } = await attached(target, office);
    return { id, args: { fileId, as: "link" } };
  },
  "mail.detach": async (target, office) => {
    const { id, fileId } = await attached(target, office);
    return { id, args: { fileId } };
  },
  "mail.send": async (target, office) => ({ id: await draft(target, office), args: later() }),
  "mail.cancelSend": async (target, office) => ({ id: await scheduled(target, office), args: {} }),
  "mail.discardDraft": async (target, office) => ({ id: await draft(target, office), args: {} }),
};

export const sendProbes: Readonly<Record<string, Probe>> = {
  "get /mail/messages/:id/answer": {
    kind: "reads",
    shows: secrets.payAccount,
    request: ({ mail }) => ({ path: `/mail/messages/${mail.messageId}/answer?kind=forward` }),
  },
  "get /mail/messages/:id/deliveries": {
    kind: "reads",
    shows: '"state":"scheduled"',
    request: async (target, office) => ({ path: `/mail/messages/${await scheduled(target, office)}/deliveries` }),
  },
  "post /mail/messages": {
    kind: "changes",
    request: ({ mail, fileId }) => ({
      path: "/mail/messages",
      body: {
        mailboxId: mail.mailboxId,
        draft: draftOf("sent"),
        attachments: [{ sourceFileId: fileId }],
        ...later(),
      },
    }),
  },
  "post /mail/drafts": {
    kind: "changes",
    request: ({ mail }) => ({ path: "/mail/drafts", body: { mailboxId: mail.mailboxId, draft: draftOf("new") } }),
  },
  "put /mail/drafts/:id": {
    kind: "changes",
    request: async (target, office) => ({
      path: `/mail/drafts/${await draft(target, office)}`,
      body: saved(target, "changed"),
    }),
  },
  "delete /mail/drafts/:id": {
    kind: "changes",
    request: async (target, office) => ({ path: `/mail/drafts/${await draft(target, office)}` }),
  },
  "post /mail/drafts/:id/attachments": {
    kind: "changes",
    request: async (target, office) => ({
      path: `/mail/drafts/${await draft(target, office)}/attachments`,
      body: announced(newId()),
    }),
  },
  "patch /mail/drafts/:id/attachments/:fileId": {
    kind: "changes",
    async request(target, office) {
      const { id, fileId } = await attached(target, office);
      return { path: `/mail/drafts/${id}/attachments/${fileId}`, body: { as: "link" } };
    },
  },
  "delete /mail/drafts/:id/attachments/:fileId": {
    kind: "changes",
    async request(target, office) {
      const { id, fileId } = await attached(target, office);
      return { path: `/mail/drafts/${id}/attachments/${fileId}` };
    },
  },
  "post /mail/drafts/:id/send": {
    kind: "changes",
    request: async (target, office) => ({ path: `/mail/drafts/${await draft(target, office)}/send`, body: later() }),
  },
  "post /mail/drafts/:id/cancel": {
    kind: "changes",
    request: async (target, office) => ({ path: `/mail/drafts/${await scheduled(target, office)}/cancel` }),
  },
};

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../base/index.ts";
import { draftText, snippetOf } from "./draft.text.ts";
import type { FolderRole, MessageDoc } from "./mail.docs.ts";
import { mailIntentSchemas } from "./mail.intents.ts";
import {
  inverseOfUpdate,
  mergedUpdate,
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
} from "./mail.replay.ts";

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const MAILBOX = uuid(1);
const folders: Readonly<Record<string, FolderRole | undefined>> = {
  [uuid(10)]: "inbox",
  [uuid(11)]: "drafts",
  [uuid(12)]: "outbox",
  [uuid(13)]: "trash",
  [uuid(14)]: "archive",
  [uuid(15)]: undefined,
  [uuid(16)]: undefined, // in the trash
};
const from: MailReplayFrom = {
  userId: uuid(2),
  folderOf: (_mailbox, role) => Object.keys(folders).find((id) => folders[id] === role),
  roleOf: (id) => folders[id],
  isInTrash: (id) => folders[id] === "trash" || id === uuid(16),
  threadOf: (id) => (id === uuid(3) ? uuid(4) : undefined),
};
const at = "2026-11-20T09:40:00.000Z";
const intent = (name: string, args: object, id = uuid(5)): MailIntent => ({ name, id, args: args as JsonObject, at });

const draft = {
  from: { address: "anna@aurora.example", name: "Anna" },
  to: [{ address: "pavel@aurora.example" }],
  cc: [],
  bcc: [],
  subject: "Delivery terms",
  html: "<p>Hello &amp; goodbye</p><p>Anna</p>",
  cards: [],
  origin: { kind: "new" },
};
const saved = (change: object = {}) =>
  intent("mail.saveDraft", { mailboxId: MAILBOX, base: 0, draft: { ...draft, ...change } });
const play = (...intents: readonly MailIntent[]) =>
  intents.reduce<MessageDoc | undefined>((row, each) => replayMessage(row, each, from), undefined);

const labels = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 });
const received = fc.record({
  seen: fc.boolean(),
  flagged: fc.boolean(),
  folderId: fc.constantFrom(uuid(10), uuid(14), uuid(15)),
  labels,
  snoozedUntil: fc.option(fc.constantFrom(at, "2027-01-01T00:00:00.000Z"), { nil: undefined }),
  assigneeId: fc.option(fc.constantFrom(uuid(2), uuid(6)), { nil: undefined }),
});
const change = fc.record(
  {
    seen: fc.boolean(),
    flagged: fc.boolean(),
    folderId: fc.constantFrom(uuid(10), uuid(13), uuid(14), uuid(15)),
    addLabels: labels,
    removeLabels: labels,
    snoozedUntil: fc.constantFrom(null, at),
    followUpAt: fc.constantFrom(null, at),
    assigneeId: fc.constantFrom(null, uuid(2)),
  },
  { requiredKeys: [] },
);

function messageOf(parts: object): MessageDoc {
  const made = play(saved());
  const { send: _send, draft: _draft, ...rest } = made as MessageDoc;
  return Object.fromEntries(Object.entries({ ...rest, ...parts }).filter(([, value]) => value !== undefined)) as never;
}
const sortedLabels = (row: MessageDoc | undefined) => row && { ...row, labels: row.labels.toSorted() };

describe("replay of mail", () => {
  it("a draft that was never sent is there at once, in the drafts, in the thread that it answers", () => {
    expect(play(saved())).toMatchObject({
      id: uuid(5),
      folderId: uuid(11),
      threadId: uuid(5),
      subject: "Delivery terms",
      snippet: "Hello & goodbye Anna",
      send: { state: "draft", by: uuid(2) },
      draft: { kind: "new", rev: 0 },
    });
    expect(play(saved({ origin: { kind: "reply", sourceId: uuid(3) } }))?.threadId).toBe(uuid(4));
    expect(play(saved({ origin: { kind: "forward", sourceId: uuid(3) } }))?.threadId).toBe(uuid(5));
  });

  it("saving stands on what its author had before them, whatever the row says by now, and takes away what was taken away", () => {
    const row = play(saved({ importance: "high" }), saved({ subject: "Terms" }));
    expect(row).toMatchObject({ subject: "Terms", draft: { rev: 0 } });
    expect(row).not.toHaveProperty("importance");
    const newer = { ...(row as MessageDoc), draft: { kind: "new" as const, rev: 8, conflictOf: uuid(6) } };
    expect(replayMessage(newer, saved(), from)?.draft).toEqual({ kind: "new", rev: 0, conflictOf: uuid(6) });
  });

  it("a draft follows its author to the mailbox that they write from, and comes out of the trash", () => {
    const other = uuid(20);
    const places: MailReplayFrom = { ...from, folderOf: (mailbox, role) => `${mailbox} ${role}` };
    const begun = replayMessage(undefined, saved({ origin: { kind: "reply", sourceId: uuid(3) } }), places);
    expect(begun).toMatchObject({ mailboxId: MAILBOX, folderId: `${MAILBOX} drafts`, threadId: uuid(4) });
    const elsewhere = intent("mail.saveDraft", { mailboxId: other, base: 0, draft });
    const followed = replayMessage(begun, elsewhere, places);
    expect(followed).toMatchObject({ mailboxId: other, folderId: `${other} drafts`, threadId: uuid(5) });
    const trashed = { ...(followed as MessageDoc), folderId: `${other} trash`, trashedFrom: `${other} drafts` };
    const back = replayMessage(trashed, elsewhere, places);
    expect(back).toMatchObject({ folderId: `${other} drafts` });
    expect(back).not.toHaveProperty("trashedFrom");
  });

  it("sending lies in the outbox until its moment, cancelling brings it back, and both leave other messages alone", () => {
    const sent = play(saved(), intent("mail.send", { undoSeconds: 15 }));
    expect(sent).toMatchObject({ folderId: uuid(12), send: { state: "scheduled", at: "2026-11-20T09:40:15.000Z" } });
    const later = "2026-12-01T08:00:00.000Z";
    expect(play(saved(), intent("mail.send", { undoSeconds: 5, at: later }))?.send?.at).toBe(later);
    expect(play(saved(), intent("mail.send", { undoSeconds: 5 }), intent("mail.cancelSend", {}))).toEqual(
      play(saved()),
    );
    const gone = messageOf({ send: { state: "sent" } });
    for (const name of [
      "mail.send",
      "mail.cancelSend",
      "mail.discardDraft",
      "mail.attach",
      "mail.attachAs",
      "mail.detach",
    ])
      expect(replayMessage(gone, intent(name, { undoSeconds: 5, fileId: uuid(7) }), from)).toEqual(gone);
    expect(replayMessage(gone, saved(), from)).toEqual(gone);
  });

  it("one that failed is a draft again: it can be mended and sent anew", () => {
    const failed = { ...(play(saved()) as MessageDoc), send: { state: "failed", reason: "noRecipients" } } as const;
    expect(replayMessage(failed, saved({ subject: "Mended" }), from)?.subject).toBe("Mended");
    expect(replayMessage(failed, intent("mail.send", { undoSeconds: 0 }), from)?.send?.state).toBe("scheduled");
  });

  it("attachments come once and go", () => {
    const attach = intent("mail.attach", {
      fileId: uuid(7),
      name: "a.pdf",
      size: 3,
      sha256: "0".repeat(64),
      mime: "application/pdf",
    });
    const row = play(saved(), attach, attach);
    expect(row?.attachments).toEqual([expect.objectContaining({ id: uuid(7), name: "a.pdf", state: "awaiting" })]);
    expect(replayMessage(row, intent("mail.detach", { fileId: uuid(7) }), from)?.attachments).toEqual([]);
  });

  it("an attachment is a link for people outside as long as that is chosen, and a picture of the text never is", () => {
    const file = { name: "a.pdf", size: 3, sha256: "0".repeat(64), mime: "application/pdf" };
    const attach = (n: number, more: object = {}) => intent("mail.attach", { fileId: uuid(n), ...file, ...more });
    const given = (n: number, as: "file" | "link") => intent("mail.attachAs", { fileId: uuid(n), as });
    const chosen = (...intents: readonly ReturnType<typeof intent>[]) =>
      play(
        saved(),
        attach(7),
        attach(8, { as: "link" }),
        attach(9, { cid: "pic", as: "link" }),
        ...intents,
      )?.attachments.map(({ as }) => as);
    expect(chosen()).toEqual([undefined, "link", undefined]);
    expect(chosen(given(7, "link"), given(9, "link"))).toEqual(["link", "link", undefined]);
    expect(chosen(given(8, "file"))).toEqual([undefined, undefined, undefined]);
    // Attached once more, elsewhere, it is chosen anew.
    const from8 = { ...from, attachmentOf: () => ({ ...file, id: uuid(8), as: "link" as const }) };
    const again = intent("mail.attachStored", { fileId: uuid(17), sourceFileId: uuid(8) });
    expect(replayMessage(play(saved()), again, from8)?.attachments).not.toMatchObject([{ as: "link" }]);
  });

  it("deletes for good only from trash and junk", () => {
    const lies = messageOf({ folderId: uuid(10) });
    expect(replayMessage(lies, intent("mail.delete", {}), from)).toEqual(lies);
    for (const id of [uuid(13), uuid(16)])
      expect(replayMessage({ ...lies, folderId: id }, intent("mail.delete", {}), from)).toBeUndefined();
  });

  it("what is to be sent lies where it is sent from, and nothing else lies there; trash remembers where from", () => {
    const move = (row: MessageDoc | undefined, folderId: string) =>
      replayMessage(row, intent("mail.update", { folderId }), from);
    const lies = messageOf({ folderId: uuid(10) });
    for (const id of [uuid(11), uuid(12)]) expect(move(lies, id)).toEqual(lies);
    for (const id of [uuid(10), uuid(15)]) expect(move(play(saved()), id)).toEqual(play(saved()));
    const leaving = play(saved(), intent("mail.send", { undoSeconds: 5 }));
    expect(move(leaving, uuid(13))).toEqual(leaving);
    const trashed = move(lies, uuid(13));
    expect(trashed).toMatchObject({ folderId: uuid(13), trashedFrom: uuid(10) });
    expect(move(trashed, uuid(10))).toEqual(lies);
  });

  it("nothing but saving a draft makes a message", () => {
    for (const name of Object.keys(mailIntentSchemas).filter((each) => each !== "mail.saveDraft"))
      expect(replayMessage(undefined, intent(name, { undoSeconds: 5 }), from)).toBeUndefined();
  });

  it("two changes in one are the two changes one after the other", () =>
    fc.assert(
      fc.property(received, change, change, (row, first, second) => {
        const before = messageOf(row);
        const one = replayMessage(before, intent("mail.update", first), from);
        const two = replayMessage(one, intent("mail.update", second), from);
        const merged = replayMessage(before, intent("mail.update", mergedUpdate(first, second)), from);
        // A message that was moved twice before anybody heard of it was trashed from where it lay.
        const shown = (row: MessageDoc | undefined) => ({ ...sortedLabels(row), trashedFrom: undefined });
        expect(shown(merged)).toEqual(shown(two));
      }),
    ));

  it("undo makes the row what it was", () =>
    fc.assert(
      fc.property(received, change, (row, made) => {
        const before = messageOf(row);
        const inverse = inverseOfUpdate(before, made);
        const after = replayMessage(before, intent("mail.update", made), from);
        expect(sortedLabels(replayMessage(after, intent("mail.update", inverse), from))).toEqual(sortedLabels(before));
        // An empty inverse says that nothing changes.
        expect(Object.keys(inverse).length === 0 ? sortedLabels(after) : undefined).toEqual(
          Object.keys(inverse).length === 0 ? sortedLabels(before) : undefined,
        );
      }),
    ));

  it("the same change twice is the change once", () =>
    fc.assert(
      fc.property(received, change, (row, made) => {
        const once = replayMessage(messageOf(row), intent("mail.update", made), from);
        expect(replayMessage(once, intent("mail.update", made), from)).toEqual(once);
      }),
    ));

  it("a draft's body is its HTML and what it says", () => {
    const body = replayBody(undefined, saved());
    expect(body).toEqual({ id: uuid(5), mailboxId: MAILBOX, html: draft.html, text: "Hello & goodbye\nAnna" });
    expect(replayBody(body, intent("mail.update", { seen: true }))).toEqual(body);
    expect(replayBody(body, intent("mail.discardDraft", {}))).toBeUndefined();
  });
});

describe("replay of what belongs to mail", () => {
  it("folders are made, named and moved; the mailbox's own stay", () => {
    const made = replayFolder(undefined, intent("folder.create", { mailboxId: MAILBOX, name: " Contracts " }), from);
    expect(made).toEqual({ id: uuid(5), mailboxId: MAILBOX, name: "Contracts" });
    const moved = replayFolder(made, intent("folder.move", { parentId: uuid(15) }), from);
    expect(moved).toMatchObject({ parentId: uuid(15) });
    expect(replayFolder(moved, intent("folder.move", { parentId: null }), from)).toEqual(made);
    expect(replayFolder(made, intent("folder.rename", { name: "Terms" }), from)?.name).toBe("Terms");
    const trashed = replayFolder(made, intent("folder.delete", {}), from);
    expect(trashed).toMatchObject({ parentId: uuid(13) });
    expect(replayFolder(trashed, intent("folder.delete", {}), from)).toEqual(trashed);
    expect(replayFolder(trashed, intent("folder.delete", { forGood: true }), from)).toBeUndefined();
    expect(replayFolder(made, intent("folder.delete", { forGood: true }), from)).toEqual(made);
    const inbox = { id: uuid(10), mailboxId: MAILBOX, name: "Inbox", role: "inbox" } as const;
    for (const name of ["folder.rename", "folder.move", "folder.delete"])
      expect(replayFolder(inbox, intent(name, { name: "x", parentId: null }), from)).toEqual(inbox);
  });

  it("links, rules and contacts are made and go", () => {
    const link = intent("mail.link", { threadId: uuid(4), recordId: uuid(8) });
    const linked = replayLink(undefined, link, { userId: uuid(2), mailboxId: MAILBOX });
    expect(linked).toMatchObject({
      mailboxId: MAILBOX,
      threadId: uuid(4),
      how: "hand",
      createdAt: at,
    });
    expect(linked).not.toHaveProperty("recordId"); // it is known with the record's half
    expect(replayLinkRecord(undefined, link)).toEqual({ id: uuid(5), recordId: uuid(8) });
    expect(replayLinkRecord({ id: uuid(5), recordId: uuid(8) }, intent("mail.unlink", {}))).toBeUndefined();
    expect(replayLink(undefined, link, { userId: uuid(2), mailboxId: undefined })).toBeUndefined();
    expect(replayLink(linked, intent("mail.unlink", {}), { userId: uuid(2), mailboxId: MAILBOX })).toBeUndefined();
    const rule = {
      name: "r",
      enabled: true,
      position: 0,
      match: "all",
      conditions: [],
      actions: [{ do: "flag" }],
      stop: false,
    };
    const ruled = replayRule(undefined, intent("rule.save", { mailboxId: MAILBOX, rule }));
    expect(ruled).toEqual({ id: uuid(5), mailboxId: MAILBOX, ...rule });
    expect(replayRule(ruled, intent("rule.delete", {}))).toBeUndefined();
    const contact = { kind: "personal", name: "Olga", emails: [], phones: [] };
    const known = replayContact(undefined, intent("contact.save", { contact }));
    expect(known).toEqual({ id: uuid(5), ...contact, updatedAt: at });
    expect(replayContact(known, intent("contact.delete", {}))).toBeUndefined();
  });

  it("settings begin with the defaults, and a sender is allowed once, in lower case", () => {
    const first = replaySettings(undefined, intent("mail.settings", { allowRemote: "News@Shop.example" }), uuid(2));
    expect(first).toMatchObject({
      id: uuid(2),
      undoSeconds: 5,
      conversations: true,
      remoteAllowed: ["news@shop.example"],
    });
    const again = replaySettings(
      first,
      intent("mail.settings", { allowRemote: "news@shop.example", undoSeconds: 30 }),
      "",
    );
    expect(again).toMatchObject({ undoSeconds: 30, remoteAllowed: ["news@shop.example"] });
    expect(
      replaySettings(again, intent("mail.settings", { blockRemote: "NEWS@shop.example" }), "")?.remoteAllowed,
    ).toEqual([]);
  });
});

describe("a draft's text", () => {
  it.each([
    ["<p>One</p><p>Two<br>Three</p>", "One\nTwo\nThree"],
    ["<ul><li>a</li><li>b</li></ul>", "a\nb"],
    ["a &lt;b&gt; &#1071; &#x42f; <b>c</b> &unknown; &#xD800;", "a <b> Я Я c &unknown; &#xD800;"],
    ["<style>p{}</style><!-- secret --><b>bold</b>", "bold"],
    ["no < tag", "no < tag"],
  ])("%j says %j", (html, text) => expect(draftText(html)).toBe(text));

  it("a snippet is one line within its length, whole characters only", () => {
    expect(snippetOf("a\n\n b", 10)).toBe("a b");
    expect(snippetOf("abcdef", 4)).toBe("abc…");
    expect(snippetOf("ab😀cd", 4)).toBe("ab…");
  });
});

import { ActionIcon, Alert, Tooltip } from "@mantine/core";
import { IconAppWindow, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import type { ReplicaDraft, ReplicaMessage } from "#contract";
import { mailLimits, type MailboxDoc, type MailSettingsDoc } from "@kontor/shared/mail";
import { enterList } from "../../app/index.ts";
import { useDirectory, useReplica } from "../../replica/index.ts";
import { filesOf } from "../filesOf.ts";
import { useWords, type WordKey } from "../../words/index.ts";
import { Attachments } from "./Attachments.tsx";
import { CardPicker } from "./CardPicker.tsx";
import { Cards } from "./Cards.tsx";
import type { ComposerEnd, ComposerProps } from "./Composer.tsx";
import { ComposerBar } from "./ComposerBar.tsx";
import { isUntouched, recipientsOf, type ComposerFields, type Sender } from "./composer.fields.ts";
import { ConfirmDiscard } from "./ConfirmDiscard.tsx";
import { shownCids } from "./draft.html.ts";
import { DropArea } from "./DropArea.tsx";
import { EditorArea } from "./Editor.tsx";
import { FromField } from "./FromField.tsx";
import { QuotedFrame } from "./QuotedFrame.tsx";
import { insiders } from "./recipients.ts";
import { RecipientsField } from "./RecipientsField.tsx";
import { RefusedSend } from "./RefusedSend.tsx";
import { signatureFor } from "./startDraft.ts";
import { swapSignature } from "./signature.swap.ts";
import { useAttach, type AttachActions } from "./useAttach.ts";
import type { HeldDraft } from "./useDraftHold.ts";
import { useEditedDraft } from "./useEditedDraft.ts";
import { useSend } from "./useSend.tsx";
import classes from "./compose.module.css";

export interface OpenDraftProps extends ComposerProps, ReplicaDraft, Pick<HeldDraft, "savedBy"> {
  readonly mailboxes: readonly MailboxDoc[];
  readonly settings: MailSettingsDoc;
}

const TITLES = {
  new: "compose.kind.new",
  reply: "compose.kind.reply",
  replyAll: "compose.kind.replyAll",
  forward: "compose.kind.forward",
  redirect: "compose.kind.redirect",
} as const satisfies Record<ComposerFields["origin"]["kind"], WordKey>;

/** Begun or called back so short a time ago, it is to be written now; one that is met in a list leaves the keys to the list. */
const FRESH_MS = 10_000; // a busy machine takes seconds from the key to the open draft

const FIELDS = { to: "compose.to", cc: "compose.cc", bcc: "compose.bcc" } as const satisfies Record<string, WordKey>;

export function OpenDraft(props: OpenDraftProps) {
  const { draftId, html, inOwnWindow = false, keptBesideId, mailboxes, message, onClose, savedBy, settings } = props;
  const { t, reason } = useWords();
  const { call } = useReplica();
  const { myId, people } = useDirectory();
  const attach = useAttach(draftId, message.attachments.length);
  const { change, editor, fields, fieldsNow, htmlNow, saving } = useEditedDraft({
    draftId,
    message,
    html,
    onFiles: (files, at) => void attach.addToText(files, editor, at),
  });
  useEffect(() => {
    savedBy(saving.flush);
  }, [savedBy, saving.flush]);
  const [shown, setShown] = useState({ cc: false, subject: false, tools: inOwnWindow, card: false, discard: false });
  const show = (part: Partial<typeof shown>) => setShown((before) => ({ ...before, ...part }));
  const [start] = useState(fields);
  const [isFresh] = useState(() => Date.now() - Date.parse(message.sentAt) < FRESH_MS);
  useEffect(() => {
    if (isFresh && start.to.length > 0) editor.commands.focus("start");
  }, [editor, isFresh, start]);
  const isShown = useRef(false);
  useEffect(() => {
    isShown.current = true;
    return () => {
      isShown.current = false;
    };
  }, []);
  useEffect(() => leaveKeysToList, []);
  /** Who has gone elsewhere meanwhile is not called back; a window of its own ends with its draft, which may be gone from it already. */
  const end = (why: ComposerEnd) => {
    if (isShown.current || inOwnWindow) onClose(why);
  };
  const leftovers = useRef(new Map<string, string>());

  const { kind, sourceId } = fields.origin;
  const isRedirect = kind === "redirect";
  const isInternal = insiders(people, mailboxes);
  const files = filesOf(message).length;
  const sending = useSend({
    draftId,
    sourceId: kind === "new" || isRedirect ? undefined : sourceId,
    undoSeconds: settings.undoSeconds,
    isInternal,
    leaving: () => ({
      fields: fieldsNow(),
      ownHtml: editor.getHTML(),
      hasFiles: files > 0 || fieldsNow().cards.length > 0,
      leftover: [...leftovers.current.values()].filter((text) => text.trim() !== "").join(", "),
    }),
    save: async () => {
      await detachUnshown(message, htmlNow(), attach);
      return await saving.flush();
    },
    onSent: () => end("sent"),
  });

  async function close(): Promise<void> {
    const isEmpty = isUntouched(fieldsNow(), {
      text: editor.getText(),
      attachments: message.attachments.length,
      signatures: settings.signatures.map((signature) => signature.html),
    });
    if (isEmpty) await call("mail.discardDraft", { id: draftId });
    else if (!(await saving.flush())) return; // it would be lost; why has been said
    end("closed");
  }

  function changeSender({ address, mailboxId }: Sender): void {
    const before = signatureFor(settings.signatures, fields.mailboxId) ?? "";
    const after = signatureFor(settings.signatures, mailboxId) ?? "";
    change({ mailboxId, from: address });
    if (!isRedirect && before !== after) swapSignature(editor, { before, after, kind });
  }

  async function discard(): Promise<void> {
    await saving.flush();
    await call("mail.discardDraft", { id: draftId });
    end("discarded");
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      void sending.send();
    }
    // Esc never discards: what was typed is saved, and stays.
    if (event.key === "Escape" && !event.defaultPrevented) void saving.flush();
  }

  const recipients = (field: "to" | "cc" | "bcc") => ({
    label: t(FIELDS[field]),
    value: fields[field],
    isInternal,
    onChange: (value: ComposerFields["to"]) => {
      sending.forgetProblem();
      change({ [field]: value });
    },
    onLeftover: (text: string) => void leftovers.current.set(field, text),
  });
  const hasOutsiders = recipientsOf(fields).some(({ address }) => !isInternal(address));
  const ccShown = shown.cc || fields.cc.length > 0 || fields.bcc.length > 0;
  const subjectShown =
    !isRedirect && (inOwnWindow || shown.subject || kind === "new" || kind === "forward" || fields.subject === "");
  const isOwnMailbox = mailboxes.some(
    ({ id, kind: sort, ownerId }) => id === fields.mailboxId && sort === "personal" && ownerId === myId,
  );
  const problem = sending.problem ?? saving.problem;

  return (
    <DropArea onFiles={(dropped) => void attach.add(dropped)} onKeyDown={onKeyDown} inOwnWindow={inOwnWindow}>
      <header className={classes.head}>
        <span className={classes.state}>
          <b>{t(TITLES[kind])}</b> · <SavedState message={message} />
        </span>
        {!inOwnWindow && (
          <Tooltip label={t("app.key.ownWindow")}>
            <ActionIcon
              size={22}
              aria-label={t("app.key.ownWindow")}
              onClick={() =>
                void saving.flush().then((isSaved) => {
                  if (!isSaved) return;
                  end("closed");
                  void window.kontor.openMailWindow({ kind: "draft", id: draftId });
                })
              }
            >
              <IconAppWindow size={15} />
            </ActionIcon>
          </Tooltip>
        )}
        <Tooltip label={t("compose.close")}>
          <ActionIcon size={22} aria-label={t("compose.close")} onClick={() => void close()}>
            <IconX size={15} />
          </ActionIcon>
        </Tooltip>
      </header>
      {message.draft?.conflictOf && (
        <Alert color="yellow" className={classes.alert ?? ""}>
          {t("compose.bothKept")}
        </Alert>
      )}
      {keptBesideId !== undefined && (
        <Alert color="yellow" className={classes.alert ?? ""}>
          {t("compose.changedElsewhere")}{" "}
          <button
            type="button"
            className={classes.alertLink}
            onClick={() => void window.kontor.openMailWindow({ kind: "draft", id: keptBesideId })}
          >
            {t("compose.openKept")}
          </button>
        </Alert>
      )}
      {message.send?.state === "failed" && (
        <Alert color="red" className={classes.alert ?? ""}>
          {t("compose.sendFailed", { reason: reason(message.send.reason ?? "", message.send.message ?? "") })}
        </Alert>
      )}
      <RefusedSend message={message} />
      {(ccShown || kind === "new" || inOwnWindow || !isOwnMailbox) && (
        <FromField mailboxes={mailboxes} fields={fields} choose={changeSender} />
      )}
      <RecipientsField {...recipients("to")} autoFocus={isFresh && start.to.length === 0} outsiderNote={outsiderNote()}>
        {!ccShown && (
          <button type="button" className={classes.more} onClick={() => show({ cc: true })}>
            {t(isRedirect ? "compose.cc" : "compose.ccBcc")}
          </button>
        )}
      </RecipientsField>
      {ccShown && (
        <>
          <RecipientsField
            {...recipients("cc")}
            autoFocus={shown.cc && fields.cc.length === 0}
            outsiderNote={outsiderNote()}
          />
          {!isRedirect && <RecipientsField {...recipients("bcc")} />}
        </>
      )}
      {subjectShown && (
        <div className={classes.line}>
          <label className={classes.lineLabel} htmlFor={`subject-${draftId}`}>
            {t("compose.subject")}
          </label>
          <input
            id={`subject-${draftId}`}
            className={classes.subject}
            value={fields.subject}
            maxLength={mailLimits.maxSubjectChars}
            spellCheck
            onChange={(event) => change({ subject: event.currentTarget.value })}
          />
          {fields.importance && (
            <span className={classes.importance} data-high={fields.importance === "high" || undefined}>
              {t(fields.importance === "high" ? "compose.important" : "compose.unimportant")}
            </span>
          )}
        </div>
      )}
      {isRedirect ? <QuotedFrame html={html} /> : <EditorArea editor={editor} toolsShown={shown.tools} />}
      <Cards cards={fields.cards} hasOutsiders={hasOutsiders} change={(cards) => change({ cards })} />
      <Attachments
        message={message}
        hasOutsiders={hasOutsiders && !isRedirect}
        giveAs={(fileId, as) => void attach.giveAs(fileId, as)}
        remove={(fileId) => void attach.remove(fileId)}
      />
      {problem && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      <ComposerBar
        sending={sending}
        settings={settings}
        editor={editor}
        fields={fields}
        change={change}
        toolsShown={shown.tools}
        toggleTools={() => show({ tools: !shown.tools })}
        chooseFiles={() => void attach.choose()}
        chooseCard={() => show({ card: true })}
        showSubject={subjectShown ? undefined : () => show({ subject: true })}
        discard={() => show({ discard: true })}
      />
      {shown.card && (
        <CardPicker
          close={() => show({ card: false })}
          addCard={(card) => {
            const others = fieldsNow().cards.filter(({ recordId }) => recordId !== card.recordId);
            change({ cards: [...others, card] });
          }}
          addFiles={(picked) => picked.forEach((file) => void attach.addStored(file))}
        />
      )}
      {shown.discard && <ConfirmDiscard close={() => show({ discard: false })} discard={() => void discard()} />}
    </DropArea>
  );

  /** People outside cannot open a card: they read what it is called, and what was chosen for them. */
  function outsiderNote(): string | undefined {
    if (fields.cards.length === 0) return undefined;
    const isChosen = fields.cards.some(({ outside }) => outside !== undefined);
    return t(isChosen ? "compose.card.outsiderChip.chosen" : "compose.card.outsiderChip");
  }
}

/** What had the keys is gone with the draft, and they would go to the page. */
function leaveKeysToList(): void {
  window.setTimeout(() => {
    if (document.activeElement === document.body) enterList();
  });
}

/** Pictures that were taken out of the text again would travel unseen. */
async function detachUnshown(message: ReplicaMessage, html: string, attach: AttachActions): Promise<void> {
  const cids = shownCids(html);
  for (const { cid, id, inline } of message.attachments)
    if (inline === true && cid !== undefined && !cids.has(cid)) await attach.remove(id);
}

function SavedState({ message }: { readonly message: ReplicaMessage }) {
  const { t } = useWords();
  const { status } = useReplica();
  if (message.pending === 0) return <span>{t("compose.savedEverywhere")}</span>;
  return <span>{t(status.connection === "online" ? "compose.saving" : "compose.savedHere")}</span>;
}

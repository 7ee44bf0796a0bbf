import { Button } from "@mantine/core";
import { useEffect, useRef, useState, type ReactNode } from "react";
import type { MailBoxes, MailThread, ReplicaMessage } from "#contract";
import { isDraft, isLeaving, type MailSettingsDoc } from "@kontor/shared/mail";
import { useShortcuts } from "../../app/index.ts";
import { useReplica, useWatched } from "../../replica/index.ts";
import { Empty } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { Composer, type ComposerEnd } from "../compose/index.ts";
import { usePlaceName } from "../places/usePlaceName.ts";
import { useAddresses } from "../useAddresses.ts";
import { useWrite } from "../useWrite.ts";
import { LabelChips } from "./LabelChips.tsx";
import { LinkedRecords } from "./LinkedRecords.tsx";
import { MessageCard } from "./MessageCard.tsx";
import { MessageMenu, type AnswerKind } from "./MessageMenu.tsx";
import { actedOn, messagesToShow } from "./messagesToShow.ts";
import { PaneActions } from "./PaneActions.tsx";
import { useMarkRead } from "./useMarkRead.ts";
import classes from "./read.module.css";

export interface ReadingPaneProps {
  readonly threadId: string;
  /** One message alone; absent: the whole conversation. */
  readonly messageId?: string | undefined;
  /** The folder that one came from; messages in trash and junk are shown only from there. */
  readonly folderId?: string | undefined;
  readonly boxes: MailBoxes;
  readonly settings: MailSettingsDoc;
  readonly inOwnWindow?: boolean;
  /** It was put away: what follows takes its place. */
  readonly onGone: () => void;
}

export function ReadingPane(props: ReadingPaneProps) {
  const { t } = useWords();
  const thread = useWatched("mail.thread", { threadId: props.threadId });
  if (thread === undefined) return null;
  const messages = messagesToShow(thread, props);
  if (messages.length === 0) return <Empty title={t("mail.gone")} />;
  return <Conversation key={props.messageId ?? props.threadId} {...props} thread={thread} messages={messages} />;
}

function Conversation(
  props: ReadingPaneProps & { readonly thread: MailThread; readonly messages: readonly ReplicaMessage[] },
) {
  const { boxes, folderId, inOwnWindow = false, messages, onGone, settings, thread } = props;
  const { t } = useWords();
  const isOffline = useReplica().status.connection !== "online";
  const placeName = usePlaceName();
  const addresses = useAddresses();
  const write = useWrite();
  const read = messages.filter((each) => !isDraft(each));
  const drafts = messages.filter(isDraft);
  const newest = read.at(-1) ?? messages.at(-1);
  // What is about to leave may still be called back: nobody answers it yet.
  const answered = read.findLast((each) => !isLeaving(each));
  const [opened, setOpened] = useState<ReadonlySet<string>>(
    () => new Set(read.filter((each, index) => !each.seen || index === read.length - 1).map(({ id }) => id)),
  );
  const [olderShown, setOlderShown] = useState(false);
  /** Drafts that are being written here; the others stand folded. */
  const [written, setWritten] = useState<ReadonlySet<string>>(() => new Set(drafts.map(({ id }) => id)));
  const [forwarded, setForwarded] = useState<string>();
  const [begun, setBegun] = useState<string>();
  const scroller = useRef<HTMLDivElement>(null);
  useMarkRead(read, opened);

  // A message that comes while one reads is open at once.
  const [lastId, setLastId] = useState(newest?.id);
  if (newest && newest.id !== lastId) {
    setLastId(newest.id);
    if (!opened.has(newest.id)) setOpened(new Set([...opened, newest.id]));
  }

  const begin = async (kind: AnswerKind, source: ReplicaMessage) => {
    const draftId = await write({ kind, sourceId: source.id });
    if (draftId === undefined) return;
    setWritten((before) => new Set([...before, draftId]));
    // An answer lies in the conversation itself; what goes to somebody else does not.
    if (kind === "forward" || kind === "redirect") setForwarded(draftId);
    setBegun(draftId);
  };
  const closed = (draftId: string) => (_why: ComposerEnd) => {
    setWritten((before) => new Set([...before].filter((id) => id !== draftId)));
    setForwarded((before) => (before === draftId ? undefined : before));
    scroller.current?.focus({ preventScroll: true });
  };
  useShortcuts(
    newest
      ? {
          mailReply: answered && (() => void begin("reply", answered)),
          mailReplyAll: answered && (() => void begin("replyAll", answered)),
          mailForward: answered && (() => void begin("forward", answered)),
          ownWindow: inOwnWindow
            ? undefined
            : () => void window.kontor.openMailWindow({ kind: "thread", id: thread.threadId }),
        }
      : {},
  );
  useEffect(() => {
    // The newest that was not read is what one came for.
    scroller.current?.querySelector("[data-first-unread]")?.scrollIntoView({ block: "start" });
  }, [scroller]);

  if (!newest) return null;
  const folder = boxes.folders.find(({ id }) => id === (folderId ?? newest.folderId));
  const where = folder ? placeName({ at: "folder", folderId: folder.id }, boxes) : "";
  const firstUnread = read.find(({ seen }) => !seen)?.id;
  // Of a long conversation that was read, its beginning and its end say most.
  const folding = !olderShown && read.length > 6 ? read.slice(1, -3).filter(({ id }) => !opened.has(id)) : [];
  const folded = new Set(folding.length > 2 ? folding.map(({ id }) => id) : []);

  return (
    <>
      <header className={classes.paneHead}>
        <div className={classes.headLine}>
          {read.length > 1 ? t("mail.conversation", { where, count: read.length }) : where}
          {newest.pending > 0 && isOffline && ` · ${t("mail.notSentYet")}`}
        </div>
        <h1>{newest.subject || t("mail.noSubject")}</h1>
        <div className={classes.headRow}>
          {answered && (
            <>
              <Button variant="filled" onClick={() => void begin("reply", answered)}>
                {t("mail.reply")}
              </Button>
              <Button onClick={() => void begin("replyAll", answered)}>{t("mail.replyAll")}</Button>
              <Button onClick={() => void begin("forward", answered)}>{t("mail.forward")}</Button>
            </>
          )}
          <LabelChips messages={read} />
          <div className={classes.paneActions}>
            <PaneActions
              messages={messages}
              here={actedOn(messages, folderId)}
              newest={newest}
              thread={thread}
              boxes={boxes}
              inOwnWindow={inOwnWindow}
              onGone={onGone}
              redirect={answered && (() => void begin("redirect", answered))}
            />
          </div>
        </div>
      </header>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolled region must take keys (WCAG 2.1.1) */}
      <div
        ref={scroller}
        className={classes.paneBody}
        tabIndex={0}
        data-region-start
        role="region"
        aria-label={t("mail.messages")}
      >
        <LinkedRecords links={thread.links} />
        {thread.omitted > 0 && <p className={classes.hint}>{t("mail.omitted", { count: thread.omitted })}</p>}
        {read.map((message) => {
          if (folded.has(message.id))
            return message.id === [...folded][0] ? (
              <button key={message.id} type="button" className={classes.olderBar} onClick={() => setOlderShown(true)}>
                {t("mail.older", { count: folded.size })}
              </button>
            ) : null;
          return (
            <div key={message.id} data-first-unread={message.id === firstUnread || undefined}>
              <MessageCard
                message={message}
                settings={settings}
                addresses={addresses}
                isOpen={opened.has(message.id)}
                toggle={() =>
                  setOpened((before) => {
                    const next = new Set(before);
                    if (!next.delete(message.id)) next.add(message.id);
                    return next;
                  })
                }
                menu={<MessageMenu message={message} thread={thread} begin={(kind) => void begin(kind, message)} />}
              />
            </div>
          );
        })}
        {drafts.map((draft) =>
          written.has(draft.id) ? (
            <Written key={draft.id} isBegun={draft.id === begun}>
              <Composer draftId={draft.id} onClose={closed(draft.id)} />
            </Written>
          ) : (
            <button
              key={draft.id}
              type="button"
              className={classes.draftBar}
              onClick={() => setWritten((before) => new Set([...before, draft.id]))}
            >
              <b>{t("mail.draftMark")}</b> <span>{draft.snippet}</span>
            </button>
          ),
        )}
        {forwarded !== undefined && !drafts.some(({ id }) => id === forwarded) && (
          <Written isBegun>
            <Composer draftId={forwarded} onClose={closed(forwarded)} />
          </Written>
        )}
      </div>
    </>
  );
}

const LOOKS_ELSEWHERE = ["pointerdown", "wheel"] as const;

/** What was just begun is seen down to its buttons: it comes a moment after the key, and grows with its text, until one goes on. */
function Written({ children, isBegun }: { readonly children: ReactNode; readonly isBegun: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const written = place.current;
    if (!isBegun || !written) return;
    const observer = new ResizeObserver(() => written.scrollIntoView({ block: "nearest" }));
    observer.observe(written);
    const end = () => {
      observer.disconnect();
      written.removeEventListener("keydown", end);
      for (const each of LOOKS_ELSEWHERE) window.removeEventListener(each, end);
    };
    written.addEventListener("keydown", end); // keys that come before it is there are meant for it, too
    for (const each of LOOKS_ELSEWHERE) window.addEventListener(each, end);
    return end;
  }, [isBegun]);
  return (
    <div ref={place} className={classes.composer}>
      {children}
    </div>
  );
}

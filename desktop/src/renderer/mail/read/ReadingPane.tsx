import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import {
  IconAlertOctagon,
  IconAppWindow,
  IconArrowsSplit,
  IconBellRinging,
  IconCode,
  IconDots,
  IconDownload,
  IconFilePlus,
  IconFlag,
  IconFolderSymlink,
  IconInbox,
  IconLink,
  IconMail,
  IconMailForward,
  IconPrinter,
  IconTag,
  IconTrash,
  IconX,
} from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import type { MailBoxes, MailTargets, MailThread, ReplicaMessage } from "#contract";
import { isDraft, type MailSettingsDoc } from "@kontor/shared/mail";
import { go } from "../../app/route.ts";
import { useShortcuts } from "../../app/index.ts";
import { useReplica, useTypes, useWatched } from "../../replica/index.ts";
import { Empty, TypeIcon } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { Composer, type ComposerEnd } from "../compose/index.ts";
import { askMail } from "../mail.requests.ts";
import { usePlaceName } from "../places/usePlaceName.ts";
import { useAddresses } from "../useAddresses.ts";
import { useMailActions } from "../useMailActions.tsx";
import { useWrite } from "../useWrite.ts";
import { AssignMenu } from "./AssignMenu.tsx";
import { LinkedRecords } from "./LinkedRecords.tsx";
import { MessageCard } from "./MessageCard.tsx";
import { useMarkRead } from "./useMarkRead.ts";
import { useSaveRaw } from "./useSaveRaw.ts";
import classes from "../mail.module.css";

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

function messagesToShow(
  thread: MailThread,
  { boxes, folderId, messageId }: ReadingPaneProps,
): readonly ReplicaMessage[] {
  if (messageId !== undefined) {
    const drafts = thread.messages.filter((each) => isDraft(each) && each.draft?.sourceId === messageId);
    return [...thread.messages.filter(({ id }) => id === messageId), ...drafts];
  }
  const roles = new Map(boxes.folders.map(({ id, role }) => [id, role]));
  const isHidden = (id: string) => roles.get(id) === "trash" || roles.get(id) === "junk";
  const shown = thread.messages.filter((each) => each.folderId === folderId || !isHidden(each.folderId));
  return shown.length > 0 ? shown : thread.messages;
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
  const [opened, setOpened] = useState<ReadonlySet<string>>(
    () => new Set(read.filter((each, index) => !each.seen || index === read.length - 1).map(({ id }) => id)),
  );
  const [olderShown, setOlderShown] = useState(false);
  /** Drafts that are being written here; the others stand folded. */
  const [written, setWritten] = useState<ReadonlySet<string>>(() => new Set(drafts.map(({ id }) => id)));
  const [forwarded, setForwarded] = useState<string>();
  const scroller = useRef<HTMLDivElement>(null);
  useMarkRead(read, opened);

  // A message that comes while one reads is open at once.
  const [lastId, setLastId] = useState(newest?.id);
  if (newest && newest.id !== lastId) {
    setLastId(newest.id);
    if (!opened.has(newest.id)) setOpened(new Set([...opened, newest.id]));
  }

  const begin = async (kind: "reply" | "replyAll" | "forward" | "redirect", source: ReplicaMessage) => {
    const draftId = await write({ kind, sourceId: source.id });
    if (draftId === undefined) return;
    setWritten((before) => new Set([...before, draftId]));
    // An answer lies in the conversation itself; what goes to somebody else does not.
    if (kind === "forward" || kind === "redirect") setForwarded(draftId);
    requestAnimationFrame(() => scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior: "smooth" }));
  };
  const closed = (draftId: string) => (_why: ComposerEnd) => {
    setWritten((before) => new Set([...before].filter((id) => id !== draftId)));
    setForwarded((before) => (before === draftId ? undefined : before));
    scroller.current?.focus({ preventScroll: true });
  };
  useShortcuts(
    newest
      ? {
          mailReply: () => void begin("reply", newest),
          mailReplyAll: () => void begin("replyAll", newest),
          mailForward: () => void begin("forward", newest),
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
          {read.length > 0 && (
            <>
              <Button variant="filled" onClick={() => void begin("reply", newest)}>
                {t("mail.reply")}
              </Button>
              <Button onClick={() => void begin("replyAll", newest)}>{t("mail.replyAll")}</Button>
              <Button onClick={() => void begin("forward", newest)}>{t("mail.forward")}</Button>
            </>
          )}
          <LabelChips messages={read} />
          <span className={classes.push} />
          <PaneActions
            messages={messages}
            newest={newest}
            thread={thread}
            boxes={boxes}
            inOwnWindow={inOwnWindow}
            onGone={onGone}
            redirect={() => void begin("redirect", newest)}
          />
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
            <div key={draft.id} className={classes.composer}>
              <Composer draftId={draft.id} onClose={closed(draft.id)} />
            </div>
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
          <div className={classes.composer}>
            <Composer draftId={forwarded} onClose={closed(forwarded)} />
          </div>
        )}
      </div>
    </>
  );
}

function LabelChips({ messages }: { readonly messages: readonly ReplicaMessage[] }) {
  const { t } = useWords();
  const { call } = useReplica();
  const labels = [...new Set(messages.flatMap((each) => each.labels))];
  return labels.map((label) => (
    <span key={label} className={classes.label} data-removable>
      {label}
      <ActionIcon
        size={24}
        aria-label={t("mail.label.remove", { label })}
        onClick={() =>
          void call("mail.update", {
            targets: { ids: messages.filter((each) => each.labels.includes(label)).map(({ id }) => id) },
            change: { removeLabels: [label] },
          })
        }
      >
        <IconX size={11} />
      </ActionIcon>
    </span>
  ));
}

function PaneActions(props: {
  readonly messages: readonly ReplicaMessage[];
  readonly newest: ReplicaMessage;
  readonly thread: MailThread;
  readonly boxes: MailBoxes;
  readonly inOwnWindow: boolean;
  readonly onGone: () => void;
  readonly redirect: () => void;
}) {
  const { boxes, inOwnWindow, messages, newest, onGone, thread } = props;
  const { t, label } = useWords();
  const types = useTypes();
  const actions = useMailActions();
  const roles = new Map(boxes.folders.map(({ id, role }) => [id, role]));
  const role = roles.get(newest.folderId);
  const mailbox = boxes.mailboxes.find(({ id }) => id === newest.mailboxId);
  const may = (what: string) => mailbox?.can.includes(what) ?? false;
  // What one sent stays where it is when an answer is put away.
  const targets: MailTargets = {
    ids: messages.filter(({ folderId }) => folderId === newest.folderId).map(({ id }) => id),
  };
  const all: MailTargets = { ids: messages.map(({ id }) => id) };
  const away = (done: Promise<boolean>) => void done.then((isDone) => isDone && onGone());
  const isFlagged = messages.some(({ flagged }) => flagged);
  return (
    <>
      {may("edit") && mailbox?.kind === "shared" && <AssignMenu mailbox={mailbox} message={newest} />}
      {may("edit") && role !== "archive" && role !== "trash" && (
        <Button onClick={() => away(actions.moveTo(targets, "archive"))}>{t("mail.archive")}</Button>
      )}
      {may("edit") && (role === "trash" || role === "junk" || role === "archive") && (
        <Button leftSection={<IconInbox size={14} />} onClick={() => away(actions.moveTo(targets, "inbox"))}>
          {t(role === "junk" ? "mail.notJunk" : "mail.toInbox")}
        </Button>
      )}
      {may("edit") && role !== "trash" && role !== "junk" && (
        <Button onClick={() => askMail({ ask: "snooze", targets, after: onGone })}>{t("mail.snooze")}</Button>
      )}
      {may("edit") && (
        <Menu position="bottom-end" width={230}>
          <Menu.Target>
            <Button leftSection={<IconLink size={14} />}>{t("mail.link")}</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconLink size={15} />}
              onClick={() => askMail({ ask: "link", threadId: thread.threadId })}
            >
              {t("mail.link.existing")}
            </Menu.Item>
            <Menu.Divider />
            <Menu.Label>{t("mail.link.create")}</Menu.Label>
            {types.list.map((type) => (
              <Menu.Item
                key={type.name}
                leftSection={<TypeIcon name={type.icon} size={15} />}
                onClick={() =>
                  askMail({ ask: "record", type: type.name, threadId: thread.threadId, messageId: newest.id })
                }
              >
                {label(type.label)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <Menu position="bottom-end" width={240} keepMounted={false}>
        <Menu.Target>
          <Tooltip label={t("mail.more")}>
            <ActionIcon variant="default" aria-label={t("mail.more")}>
              <IconDots size={16} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {may("edit") && (
            <>
              <Menu.Item
                leftSection={<IconMail size={15} />}
                onClick={() =>
                  void actions
                    .update({ ids: [newest.id] }, { seen: false }, "mail.done.unread", { quietForOne: true })
                    .then(onGone)
                }
              >
                {t("mail.markUnread")}
              </Menu.Item>
              <Menu.Item
                leftSection={<IconFlag size={15} />}
                onClick={() =>
                  void actions.update(
                    isFlagged ? all : { ids: [newest.id] },
                    { flagged: !isFlagged },
                    isFlagged ? "mail.done.unflagged" : "mail.done.flagged",
                    { quietForOne: true },
                  )
                }
              >
                {t(isFlagged ? "mail.unflag" : "mail.flag")}
              </Menu.Item>
              <Menu.Item leftSection={<IconTag size={15} />} onClick={() => askMail({ ask: "label", targets: all })}>
                {t("mail.label")}
              </Menu.Item>
              <Menu.Item
                leftSection={<IconFolderSymlink size={15} />}
                onClick={() => askMail({ ask: "move", targets, mailboxId: newest.mailboxId, after: onGone })}
              >
                {t("mail.move")}
              </Menu.Item>
              <Menu.Item
                leftSection={<IconBellRinging size={15} />}
                onClick={() => askMail({ ask: "followUp", targets: { ids: [newest.id] } })}
              >
                {t("mail.followUp.set")}
              </Menu.Item>
              <Menu.Divider />
              {role !== "junk" && role !== "sent" && (
                <Menu.Item
                  leftSection={<IconAlertOctagon size={15} />}
                  onClick={() => away(actions.moveTo(targets, "junk"))}
                >
                  {t("mail.junk")}
                </Menu.Item>
              )}
              <Menu.Item
                color="red"
                leftSection={<IconTrash size={15} />}
                onClick={() =>
                  role === "trash" || role === "junk"
                    ? actions.deleteForGood(targets, "ids" in targets ? targets.ids.length : 1, onGone)
                    : away(actions.moveTo(targets, "trash"))
                }
              >
                {t(role === "trash" || role === "junk" ? "mail.deleteForGood" : "mail.trash")}
              </Menu.Item>
              <Menu.Divider />
            </>
          )}
          {may("send") && (
            <Menu.Item leftSection={<IconMailForward size={15} />} onClick={props.redirect}>
              {t("mail.redirect")}
            </Menu.Item>
          )}
          {!inOwnWindow && (
            <Menu.Item
              leftSection={<IconAppWindow size={15} />}
              onClick={() => void window.kontor.openMailWindow({ kind: "thread", id: thread.threadId })}
            >
              {t("app.key.ownWindow")}
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={<IconPrinter size={15} />}
            onClick={() => askMail({ ask: "print", ids: messages.map(({ id }) => id) })}
          >
            {t("mail.print")}
          </Menu.Item>
          <Menu.Item leftSection={<IconFilePlus size={15} />} onClick={() => go({ at: "mailSettings", id: "rules" })}>
            {t("mail.rules")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

/** What is about this one message and not the conversation. */
function MessageMenu(props: {
  readonly message: ReplicaMessage;
  readonly thread: MailThread;
  readonly begin: (kind: "reply" | "replyAll" | "forward" | "redirect") => void;
}) {
  const { begin, message, thread } = props;
  const { t } = useWords();
  const { call } = useReplica();
  const saveRaw = useSaveRaw();
  return (
    <>
      <Menu.Item onClick={() => begin("reply")}>{t("mail.reply")}</Menu.Item>
      <Menu.Item onClick={() => begin("replyAll")}>{t("mail.replyAll")}</Menu.Item>
      <Menu.Item onClick={() => begin("forward")}>{t("mail.forward")}</Menu.Item>
      <Menu.Item onClick={() => begin("redirect")}>{t("mail.redirect")}</Menu.Item>
      <Menu.Divider />
      <Menu.Item
        leftSection={<IconMail size={15} />}
        onClick={() => void call("mail.update", { targets: { ids: [message.id] }, change: { seen: false } })}
      >
        {t("mail.markUnread")}
      </Menu.Item>
      {thread.messages.length > 1 && (
        <Menu.Item
          leftSection={<IconArrowsSplit size={15} />}
          onClick={() => askMail({ ask: "split", messageId: message.id })}
        >
          {t("mail.split")}
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconPrinter size={15} />} onClick={() => askMail({ ask: "print", ids: [message.id] })}>
        {t("mail.print")}
      </Menu.Item>
      <Menu.Item leftSection={<IconDownload size={15} />} onClick={() => void saveRaw(message)}>
        {t("mail.saveAs")}
      </Menu.Item>
      <Menu.Item leftSection={<IconCode size={15} />} onClick={() => askMail({ ask: "source", messageId: message.id })}>
        {t("mail.source")}
      </Menu.Item>
    </>
  );
}

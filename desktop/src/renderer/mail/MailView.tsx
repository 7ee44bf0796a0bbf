import { Drawer } from "@mantine/core";
import { useState, useSyncExternalStore } from "react";
import type { MailBoxes, MailPlace } from "#contract";
import { useShortcuts } from "../app/index.ts";
import { go, routeNow, type Route } from "../app/route.ts";
import { changeSettings, useSettings } from "../app/settings.ts";
import { useWatched } from "../replica/index.ts";
import { Empty, Splitter } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { isDraft, type MailSettingsDoc } from "@kontor/shared/mail";
import { Composer } from "./compose/index.ts";
import { MessageList } from "./list/MessageList.tsx";
import { Folders, FOLDERS_WIDTH } from "./places/Folders.tsx";
import { listOfPlace, placeOf, placeText, roleOfPlace, unreadInInboxes } from "./places/place.ts";
import { ReadingPane } from "./read/ReadingPane.tsx";
import { useWrite } from "./useWrite.ts";
import classes from "./mail.module.css";

const MIN_LIST = 260;
const MAX_LIST = 720;
/** Narrower, a message is a column of single words: the list gives way first, then the folders. */
const MIN_PANE = 400;
const RAIL_WIDTH = 56;
/** A draft that is written here, whatever list stands beside it. */
const DRAFT = "d-";

/** Mail: folders where they are wanted, a list, and beside it what one reads or writes. */
export function MailView({ route }: { readonly route: Extract<Route, { at: "mail" }> }) {
  const boxes = useWatched("mail.boxes", {});
  const settings = useWatched("mail.settings", {});
  // Milliseconds; a spinner would only flash.
  if (!boxes || !settings) return null;
  return <Mail route={route} boxes={boxes} settings={settings} />;
}

function Mail(props: {
  readonly route: Extract<Route, { at: "mail" }>;
  readonly boxes: MailBoxes;
  readonly settings: MailSettingsDoc;
}) {
  const { boxes, route, settings } = props;
  const { t } = useWords();
  const { mailFolders, mailListWidth } = useSettings();
  const [width, setWidth] = useState(mailListWidth);
  const room = useWindowWidth() - RAIL_WIDTH;
  const foldersFit = room >= FOLDERS_WIDTH + MIN_LIST + MIN_PANE;
  const foldersBeside = mailFolders && foldersFit;
  const maxList = Math.max(MIN_LIST, Math.min(MAX_LIST, room - (foldersBeside ? FOLDERS_WIDTH : 0) - MIN_PANE));
  const listWidth = Math.min(width, maxList);
  /** Where they do not fit they are called, and go again with what one chose. */
  const [foldersOver, setFoldersOver] = useState(false);
  const write = useWrite();
  const place = placeOf(route.place);
  const { conversations } = listOfPlace(place, boxes, settings, "all");
  const goTo = (next: MailPlace) => {
    setFoldersOver(false);
    go({ at: "mail", place: placeText(next) });
  };
  /** What ends after one has gone elsewhere (an act on thousands, a question to the replica) does not call one back. */
  const open = (key: string | undefined) => {
    const now = routeNow();
    if (now.at !== "mail" || placeText(placeOf(now.place)) !== placeText(place)) return;
    go({ at: "mail", place: placeText(place), ...(key === undefined ? {} : { id: key }) });
  };
  const mailboxId =
    place.at === "folder" ? boxes.folders.find(({ id }) => id === place.folderId)?.mailboxId : undefined;
  const compose = () => void write({ kind: "new", mailboxId }).then((draftId) => draftId && open(`${DRAFT}${draftId}`));
  useShortcuts({ new: compose, mailCompose: compose });

  const folders = <Folders place={place} boxes={boxes} conversations={settings.conversations} go={goTo} />;
  return (
    <>
      {foldersBeside && folders}
      <Drawer.Root
        opened={foldersOver && !foldersFit}
        onClose={() => setFoldersOver(false)}
        size={FOLDERS_WIDTH}
        padding={0}
        classNames={{
          inner: classes.foldersOver ?? "",
          overlay: classes.foldersOver ?? "",
          content: classes.foldersDrawer ?? "",
          body: classes.foldersBody ?? "",
        }}
      >
        <Drawer.Overlay />
        <Drawer.Content aria-label={t("mail.folders")}>
          <Drawer.Body>{folders}</Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
      <div className={classes.list} style={{ width: listWidth }} data-region="list">
        <MessageList
          key={placeText(place)}
          place={place}
          boxes={boxes}
          conversations={conversations}
          selected={route.id}
          open={open}
          go={goTo}
          compose={compose}
          foldersShown={foldersFit ? mailFolders : foldersOver}
          toggleFolders={() =>
            foldersFit ? changeSettings({ mailFolders: !mailFolders }) : setFoldersOver((before) => !before)
          }
        />
      </div>
      <Splitter
        label={t("mail.listWidth")}
        side="left"
        width={listWidth}
        min={MIN_LIST}
        max={maxList}
        onMove={setWidth}
        onDone={(next) => changeSettings({ mailListWidth: next })}
      />
      <section className={classes.pane} aria-label={t("mail.message")} data-region="card">
        {route.id === undefined ? (
          <Empty title={t("mail.choose")} />
        ) : route.id.startsWith(DRAFT) ? (
          <Draft id={route.id.slice(DRAFT.length)} close={() => open(undefined)} />
        ) : (
          <Opened {...props} place={place} id={route.id} conversations={conversations} close={() => open(undefined)} />
        )}
      </section>
    </>
  );
}

const useWindowWidth = (): number =>
  useSyncExternalStore(
    (changed) => {
      window.addEventListener("resize", changed);
      return () => window.removeEventListener("resize", changed);
    },
    () => window.innerWidth,
  );

function Draft({ close, id }: { readonly id: string; readonly close: () => void }) {
  return (
    <div className={classes.draftPane}>
      <Composer key={id} draftId={id} onClose={close} />
    </div>
  );
}

/** What a row stands for: a conversation; one message of it; or, of a draft, where it is written. */
function Opened(props: {
  readonly boxes: MailBoxes;
  readonly settings: MailSettingsDoc;
  readonly place: MailPlace;
  readonly id: string;
  readonly conversations: boolean;
  readonly close: () => void;
}) {
  const { boxes, close, conversations, id, place, settings } = props;
  const { t } = useWords();
  const isUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
  // A row of a search or of a mark is a message, whatever the place shows.
  const message = useWatched("mail.message", isUuid ? { id } : undefined);
  const thread = useWatched("mail.thread", conversations ? { threadId: id } : undefined);
  if (conversations && thread && thread.messages.length > 0) {
    const folderId =
      place.at === "folder"
        ? place.folderId
        : thread.messages.findLast(({ folderId: each }) => isOfRole(each, place, boxes))?.folderId;
    return <ReadingPane threadId={id} folderId={folderId} boxes={boxes} settings={settings} onGone={close} />;
  }
  if (message === undefined) return null;
  if (message === null) return <Empty title={t("mail.gone")} />;
  if (isDraft(message)) return <Draft id={message.id} close={close} />;
  return (
    <ReadingPane
      threadId={message.threadId}
      messageId={message.id}
      folderId={message.folderId}
      boxes={boxes}
      settings={settings}
      onGone={close}
    />
  );
}

const isOfRole = (folderId: string, place: MailPlace, boxes: MailBoxes): boolean =>
  boxes.folders.find(({ id }) => id === folderId)?.role === roleOfPlace(place, boxes);

/** How many conversations are to be read; for the rail. */
export function useUnreadMail(): number {
  const boxes = useWatched("mail.boxes", {});
  const settings = useWatched("mail.settings", {});
  return unreadInInboxes(boxes, settings?.conversations ?? true);
}

import { ActionIcon, Button, CloseButton, TextInput, Tooltip } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { IconLayoutSidebar, IconSearch } from "@tabler/icons-react";
import { useRef, useState } from "react";
import type { MailBoxes, MailFilter, MailList, MailPlace } from "#contract";
import { useShortcuts } from "../../app/index.ts";
import { useWatched } from "../../replica/index.ts";
import { Chip, Empty } from "../../ui/index.ts";
import { useWords, type WordKey } from "../../words/index.ts";
import { MailboxMenu, PlaceMenu } from "../places/PlaceMenu.tsx";
import { roleOfPlace } from "../places/place.ts";
import { FoundRows } from "./FoundRows.tsx";
import { PagedRows } from "./PagedRows.tsx";
import classes from "./list.module.css";

/** What was chosen in each place, while the app runs. */
const filters = new Map<string, MailFilter>();

export interface MessageListProps {
  readonly place: MailPlace;
  readonly boxes: MailBoxes;
  readonly conversations: boolean;
  readonly selected: string | undefined;
  readonly open: (key: string | undefined) => void;
  readonly go: (place: MailPlace) => void;
  readonly compose: () => void;
  readonly foldersShown: boolean;
  readonly toggleFolders: () => void;
}

export function MessageList(props: MessageListProps) {
  const { t } = useWords();
  const { boxes, compose, conversations, foldersShown, place } = props;
  const key = JSON.stringify(place);
  const [filter, setFilter] = useState<MailFilter>(() => filters.get(key) ?? "all");
  const [text, setText] = useState<string>();
  const searchBox = useRef<HTMLInputElement>(null);
  const { ref, width } = useElementSize();
  const role = roleOfPlace(place, boxes);
  const list: MailList = { place, conversations, filter };
  const choose = (next: MailFilter) => {
    const chosen = next === filter ? "all" : next;
    filters.set(key, chosen);
    setFilter(chosen);
  };
  /** The list, which is there a moment after the search has ended, takes the keys. */
  const takesKeys = useRef(false);
  const search = () => {
    takesKeys.current = false;
    setText((before) => before ?? "");
    searchBox.current?.focus();
  };
  useShortcuts({ searchInView: search, mailSearch: search });
  const endSearch = () => {
    takesKeys.current = true;
    setText(undefined);
  };

  return (
    <>
      <div className={classes.listHead} ref={ref}>
        <Tooltip label={t(foldersShown ? "mail.folders.hide" : "mail.folders.show")}>
          <ActionIcon
            aria-label={t(foldersShown ? "mail.folders.hide" : "mail.folders.show")}
            aria-pressed={foldersShown}
            onClick={props.toggleFolders}
          >
            <IconLayoutSidebar size={16} />
          </ActionIcon>
        </Tooltip>
        <PlaceMenu place={place} boxes={boxes} go={props.go} conversations={conversations} />
        {width > 320 && <MailboxMenu place={place} boxes={boxes} go={props.go} />}
        <span className={classes.push} />
        <Button variant="filled" className={classes.write} onClick={compose}>
          {t("mail.compose")}
        </Button>
      </div>
      {text !== undefined && (
        <div className={classes.listSearch}>
          <TextInput
            ref={searchBox}
            autoFocus
            size="xs"
            aria-label={t("mail.search")}
            placeholder={t("mail.searchPlaceholder")}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Escape" && endSearch()}
            leftSection={<IconSearch size={14} />}
            rightSection={<CloseButton size="xs" aria-label={t("mail.endSearch")} onClick={endSearch} />}
          />
        </div>
      )}
      {text?.trim() ? (
        <FoundRows {...props} text={text.trim()} />
      ) : (
        <>
          <div className={classes.filters} role="group" aria-label={t("mail.filters")}>
            {role !== "drafts" && role !== "outbox" && (
              <>
                <UnreadChip list={list} on={filter === "unread"} onClick={() => choose("unread")} />
                <Chip on={filter === "mine"} onClick={() => choose("mine")}>
                  <span>{t("mail.filter.mine")}</span>
                </Chip>
              </>
            )}
            <Chip on={filter === "files"} onClick={() => choose("files")}>
              <span>{t("mail.filter.files")}</span>
            </Chip>
            <span className={classes.push} />
            <Tooltip label={t("mail.searchHint")}>
              <ActionIcon
                size={24}
                aria-label={t("mail.search")}
                aria-expanded={text !== undefined}
                onClick={() => (text === undefined ? search() : endSearch())}
              >
                <IconSearch size={15} />
              </ActionIcon>
            </Tooltip>
          </div>
          <PagedRows
            {...props}
            key={JSON.stringify(list)}
            list={list}
            takesKeys={takesKeys}
            empty={<NothingHere list={list} boxes={boxes} />}
          />
        </>
      )}
    </>
  );
}

/** More is "many", and would take the room of the words beside it. */
const MOST_COUNTED = 999;

/** How many there are to read here, whether or not one looks at them alone. */
function UnreadChip(props: { readonly list: MailList; readonly on: boolean; readonly onClick: () => void }) {
  const { t } = useWords();
  const page = useWatched("mail.list", { list: { ...props.list, filter: "unread" }, skip: 0, limit: 1 });
  const count = page?.total ?? 0;
  return (
    <Chip on={props.on} onClick={props.onClick}>
      <span>
        {count === 0
          ? t("mail.filter.unread")
          : t("mail.filter.unreadCount", { count: count > MOST_COUNTED ? `${MOST_COUNTED}+` : String(count) })}
      </span>
    </Chip>
  );
}

const EMPTY = {
  inbox: "mail.empty.inbox",
  drafts: "mail.empty.drafts",
  outbox: "mail.empty.outbox",
  sent: "mail.empty.sent",
  archive: "mail.empty.archive",
  junk: "mail.empty.junk",
  trash: "mail.empty.trash",
} as const satisfies Record<string, WordKey>;
const EMPTY_MARKS = {
  flagged: "mail.empty.flagged",
  snoozed: "mail.empty.snoozed",
  followUp: "mail.empty.followUp",
  assigned: "mail.empty.assigned",
} as const satisfies Record<string, WordKey>;

function NothingHere({ boxes, list }: { readonly list: MailList; readonly boxes: MailBoxes }) {
  const { t } = useWords();
  if (!boxes.known) return <Empty title={t("mail.empty.filling")} />;
  if (list.filter !== "all") return <Empty title={t("mail.empty.filtered")} />;
  const { place } = list;
  if (place.at !== "folder" && place.at !== "role") return <Empty title={t(EMPTY_MARKS[place.at])} />;
  // A folder in the trash can be empty when the trash is not.
  const role = place.at === "role" ? place.role : boxes.folders.find(({ id }) => id === place.folderId)?.role;
  return <Empty title={t(role ? EMPTY[role] : "mail.empty.folder")} />;
}

import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import {
  IconAddressBook,
  IconFile,
  IconKey,
  IconKeyboard,
  IconMail,
  IconPencil,
  IconPlus,
  IconRefresh,
  IconSearch,
  IconSettings,
  IconTrash,
} from "@tabler/icons-react";
import { useState } from "react";
import { useDirectory, useReplica, useRow, useRowsById, useSearch, useTypes } from "../replica/index.ts";
import { Avatar, TypeIcon } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { useAccess } from "../access/index.ts";
import { askMail, useFoundMail } from "../mail/index.ts";
import { go, useRoute } from "./route.ts";
import classes from "./shell.module.css";

const RESULTS = 12;

/** Ctrl+K: go anywhere, find anything, run any command. */
export function Palette({ showShortcuts }: { readonly showShortcuts: () => void }) {
  const [query, setQuery] = useState("");
  const { t, label } = useWords();
  const { call } = useReplica();
  const types = useTypes();
  const { ask } = useAccess();
  const route = useRoute();
  const open = useRow("records", route.at === "objects" || route.at === "record" ? route.id : undefined);
  const { people } = useDirectory();
  const { hits, isSearching } = useSearch({ text: query, limit: RESULTS });
  const mail = useFoundMail(query);
  const records = useRowsById(
    "records",
    hits.map((hit) => hit.recordId),
  );

  const needle = query.trim().toLowerCase();
  const matches = (...texts: readonly string[]) => texts.some((text) => text.toLowerCase().includes(needle));
  const places: SpotlightActionData[] = [
    ...types.list.map((type) => ({
      id: `type-${type.name}`,
      label: label(type.plural),
      leftSection: <TypeIcon name={type.icon} />,
      onClick: () => go({ at: "objects", type: type.name }),
    })),
    { id: "mail", label: t("app.place.mail"), leftSection: <IconMail size={16} />, onClick: () => go({ at: "mail" }) },
    {
      id: "contacts",
      label: t("mail.contacts"),
      leftSection: <IconAddressBook size={16} />,
      onClick: () => go({ at: "contacts" }),
    },
    {
      id: "mailSettings",
      label: t("mail.settings"),
      leftSection: <IconSettings size={16} />,
      onClick: () => go({ at: "mailSettings" }),
    },
    { id: "outbox", label: t("app.place.outbox"), onClick: () => go({ at: "outbox" }) },
    { id: "issues", label: t("app.place.issues"), onClick: () => go({ at: "issues" }) },
    { id: "requests", label: t("access.place"), onClick: () => go({ at: "requests" }) },
    { id: "people", label: t("app.place.people"), onClick: () => go({ at: "people" }) },
  ];
  const commands: SpotlightActionData[] = [
    {
      id: "compose",
      label: t("mail.palette.write"),
      leftSection: <IconPencil size={16} />,
      onClick: () => askMail({ ask: "compose" }),
    },
    ...types.list.map((type) => ({
      id: `new-${type.name}`,
      label: t("app.palette.new", { type: label(type.label) }),
      leftSection: <IconPlus size={16} />,
      onClick: () => go({ at: "new", type: type.name }),
    })),
    ...types.list.map((type) => ({
      id: `trash-${type.name}`,
      label: t("app.palette.trash", { type: label(type.plural) }),
      leftSection: <IconTrash size={16} />,
      onClick: () => go({ at: "trash", type: type.name }),
    })),
    {
      id: "tryNow",
      label: t("app.key.tryNow"),
      leftSection: <IconRefresh size={16} />,
      onClick: () => void call("sync.tryNow", {}),
    },
    ...(open
      ? [
          {
            id: "why",
            label: t("access.palette.why"),
            leftSection: <IconKey size={16} />,
            onClick: () => ask({ type: open.type, recordId: open.id, act: open.can.edit === "*" ? "read" : "edit" }),
          },
        ]
      : []),
    { id: "keys", label: t("app.key.shortcuts"), leftSection: <IconKeyboard size={16} />, onClick: showShortcuts },
  ];
  const found: SpotlightActionData[] = hits.map((hit) => {
    const type = types.of(hit.type);
    return {
      id: `${hit.collection}-${hit.id}`,
      label: hit.title || (type ? label(type.label) : hit.type),
      description: [type && label(type.label), records?.get(hit.recordId)?.number, hit.snippet]
        .filter(Boolean)
        .join(" · "),
      leftSection: hit.collection === "files" ? <IconFile size={16} /> : <TypeIcon name={type?.icon ?? ""} />,
      onClick: () => go({ at: "objects", type: hit.type, id: hit.recordId }),
    };
  });
  const persons: SpotlightActionData[] = needle
    ? people
        .filter((person) => matches(person.name, person.email ?? ""))
        .slice(0, 6)
        .map((person) => ({
          id: `person-${person.id}`,
          label: person.name,
          leftSection: <Avatar name={person.name} id={person.id} size={20} />,
          onClick: () => go({ at: "people", id: person.id }),
        }))
    : [];
  const wanted = (actions: SpotlightActionData[]) =>
    needle ? actions.filter((action) => matches(action.label ?? "")) : actions;
  const messages: SpotlightActionData[] = mail.rows.map((row) => ({
    id: `mail-${row.messageId}`,
    label: row.subject || t("mail.noSubject"),
    description: [row.people.map(({ address, name }) => name ?? address).join(", "), row.snippet].join(" · "),
    leftSection: <IconMail size={16} />,
    onClick: () => go({ at: "mail", place: `f-${row.folderId}`, id: row.messageId }),
  }));
  const groups: SpotlightActionGroupData[] = [
    { group: t("app.palette.found"), actions: found },
    { group: t("app.place.mail"), actions: messages },
    { group: t("app.place.people"), actions: persons },
    { group: t("app.palette.places"), actions: wanted(places) },
    { group: t("app.palette.commands"), actions: needle ? wanted(commands) : [] },
  ].filter(({ actions }) => actions.length > 0);

  return (
    <Spotlight
      query={query}
      onQueryChange={setQuery}
      actions={groups}
      filter={(_query, actions) => actions}
      shortcut={null}
      nothingFound={isSearching || mail.searching ? t("app.palette.searching") : t("app.palette.nothing")}
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: t("app.palette.placeholder"),
        "aria-label": t("app.search"),
      }}
      scrollable
      maxHeight="min(520px, 70vh)"
      centered={false}
      yOffset={60}
      overlayProps={{ backgroundOpacity: 0.25, blur: 0 }}
      classNames={{ actionsGroup: classes.paletteGroup ?? "" }}
    />
  );
}

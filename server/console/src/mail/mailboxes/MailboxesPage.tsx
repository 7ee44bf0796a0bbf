import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { useWords } from "../../words/words.ts";
import type { AdminMailbox, MailGroup } from "../mail.api.ts";
import { StateMark } from "../StateMark.tsx";
import { GroupForm } from "./GroupForm.tsx";
import { MailboxForm } from "./MailboxForm.tsx";
import { useMailOffice } from "./useMailOffice.ts";

/** `left`: mail still comes, and nobody reads it unless somebody takes over. */
const tones = { on: "good", left: "warn", off: "quiet" } as const;
const SHOWN_NAMES = 4; // the rest is in the form

/** Mailboxes and groups: what they are and who has them, never what lies in them. */
export function MailboxesPage() {
  const { t, number, named } = useWords();
  const { mailboxes, groups, people, structure } = useMailOffice();
  const [openMailbox, setOpenMailbox] = useState<string | "new">();
  const [openGroup, setOpenGroup] = useState<string | "new">();
  const nameOf = new Map(people.data?.map(({ id, name }) => [id, name]));
  const namesOf = ({ ownerId, members }: AdminMailbox): readonly string[] =>
    [...(ownerId === null ? [] : [ownerId]), ...members.map(({ userId }) => userId)].map((id) => nameOf.get(id) ?? "");
  const gone = new Set(people.data?.filter(({ state }) => state === "disabled").map(({ id }) => id));
  const stateOf = ({ disabled, ownerId }: AdminMailbox): keyof typeof tones =>
    disabled ? "off" : ownerId !== null && gone.has(ownerId) ? "left" : "on";
  const mailbox = mailboxes.data?.find(({ id }) => id === openMailbox);
  const group = groups.data?.find(({ id }) => id === openGroup);

  const columns: readonly Column<AdminMailbox>[] = [
    { key: "name", title: t("mail.box.name"), text: ({ name }) => name },
    {
      key: "addresses",
      title: t("mail.box.addresses"),
      text: ({ addresses }) => addresses.join(", "),
      show: ({ addresses: [main, ...aliases] }) => (
        <span style={{ overflowWrap: "break-word" }}>
          {main}
          {aliases.length > 0 && <div className="quiet">{aliases.join(", ")}</div>}
        </span>
      ),
    },
    { key: "kind", title: t("mail.box.kind"), text: ({ kind }) => t(`mail.box.kind.${kind}`) },
    {
      key: "who",
      title: t("mail.box.who"),
      text: (mailbox) => namesOf(mailbox).join(", "),
      show: (mailbox) => {
        const names = namesOf(mailbox);
        const rest = names.length - SHOWN_NAMES;
        return rest > 0 ? `${names.slice(0, SHOWN_NAMES).join(", ")} +${rest}` : names.join(", ");
      },
    },
    {
      key: "messages",
      title: t("mail.box.messages"),
      text: ({ messages }) => String(messages),
      show: ({ messages }) => <span className="quiet">{number(messages)}</span>,
    },
    {
      key: "state",
      title: t("mail.box.state"),
      text: (mailbox) => t(`mail.box.state.${stateOf(mailbox)}`),
      show: (mailbox) => (
        <StateMark tone={tones[stateOf(mailbox)]}>{t(`mail.box.state.${stateOf(mailbox)}`)}</StateMark>
      ),
    },
  ];
  const groupColumns: readonly Column<MailGroup>[] = [
    { key: "name", title: t("mail.box.name"), text: ({ name }) => name },
    { key: "address", title: t("mail.group.address"), text: ({ address }) => address },
    {
      key: "members",
      title: t("mail.group.members"),
      text: ({ userGroupId, mailboxIds }) =>
        [
          ...(userGroupId === null ? [] : [t("mail.group.everyone", { group: groupName(userGroupId) })]),
          ...mailboxIds.map((id) => mailboxes.data?.find((each) => each.id === id)?.name ?? ""),
        ].join(", "),
    },
  ];
  function groupName(id: string): string {
    const found = structure.data?.groups.find((each) => each.id === id);
    return found ? named(found) : "";
  }

  return (
    <>
      <div className="page-head">
        <h1>{t("mail.boxes.title")}</h1>
        <span className="quiet">{t("mail.boxes.lead")}</span>
        <span className="grow" />
        <Button leftSection={<IconPlus size={15} />} onClick={() => setOpenGroup("new")}>
          {t("mail.group.add")}
        </Button>
        <Button variant="filled" leftSection={<IconPlus size={15} />} onClick={() => setOpenMailbox("new")}>
          {t("mail.box.add")}
        </Button>
      </div>
      <div className="page-body">
        <section className="panel" aria-labelledby="mail-groups">
          <h2 id="mail-groups">{t("mail.groups.title")}</h2>
          <Loaded query={groups}>
            {(rows) => (
              <DataTable
                name="mail-groups"
                rows={rows}
                columns={groupColumns}
                idOf={({ id }) => id}
                onOpen={({ id }) => setOpenGroup(id)}
                none={t("mail.groups.none")}
              />
            )}
          </Loaded>
        </section>
        <section className="panel" aria-labelledby="mail-boxes">
          <h2 id="mail-boxes">{t("mail.boxes.title")}</h2>
          <Loaded query={mailboxes}>
            {(rows) => (
              <DataTable
                name="mailboxes"
                rows={sharedFirst(rows)}
                columns={columns}
                idOf={({ id }) => id}
                onOpen={({ id }) => setOpenMailbox(id)}
              />
            )}
          </Loaded>
        </section>
      </div>
      {people.data && structure.data && (openMailbox === "new" || mailbox) && (
        <MailboxForm
          key={openMailbox}
          mailbox={mailbox}
          people={people.data}
          structure={structure.data}
          onClose={() => setOpenMailbox(undefined)}
        />
      )}
      {mailboxes.data && structure.data && (openGroup === "new" || group) && (
        <GroupForm
          key={openGroup}
          group={group}
          mailboxes={mailboxes.data}
          structure={structure.data}
          onClose={() => setOpenGroup(undefined)}
        />
      )}
    </>
  );
}

/** Those that somebody sets up by hand come first; everybody's own come by themselves. */
const sharedFirst = (rows: readonly AdminMailbox[]): readonly AdminMailbox[] =>
  rows.toSorted((a, b) => Number(b.kind === "shared") - Number(a.kind === "shared") || (a.name < b.name ? -1 : 1));

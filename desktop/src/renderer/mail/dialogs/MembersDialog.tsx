import { ActionIcon, Button, Modal, Select, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { mailboxRoles, type MailboxDoc } from "@kontor/shared/mail";
import { useDirectory, useReplica } from "../../replica/index.ts";
import { Avatar } from "../../ui/index.ts";
import { useWords, type WordKey } from "../../words/index.ts";
import classes from "./dialogs.module.css";

type Member = MailboxDoc["members"][number];
type Role = Member["role"];

const ROLES: Readonly<Record<Role, WordKey>> = {
  reader: "mail.members.reader",
  editor: "mail.members.editor",
  sender: "mail.members.sender",
  manager: "mail.members.manager",
};

/** Who else has a mailbox, and what they do there; the server decides and tells everybody, so this needs it. */
export function MembersDialog({ close, mailbox }: { readonly mailbox: MailboxDoc; readonly close: () => void }) {
  const { t, reason } = useWords();
  const { call } = useReplica();
  const { people, person } = useDirectory();
  const [members, setMembers] = useState(mailbox.members);
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState<string>();
  const [saving, setSaving] = useState(false);
  const nameOf = (userId: string) => person(userId)?.name ?? t("mail.members.unknown");
  const has = new Set([mailbox.ownerId, ...members.map(({ userId }) => userId)]);
  const others = people.filter(({ active, id }) => active && !has.has(id));
  const roles = mailboxRoles.map((role) => ({ value: role, label: t(ROLES[role]) }));
  const put = (userId: string, role: Role) =>
    setMembers((before) =>
      before.some((each) => each.userId === userId)
        ? before.map((each) => (each.userId === userId ? { userId, role } : each))
        : [...before, { userId, role }],
    );

  async function save(): Promise<void> {
    setSaving(true);
    const path = `/api/mail/mailboxes/${mailbox.id}/members`;
    const body = { members: members.map(({ role, userId }) => ({ role, userId })) };
    const answer = await call("mail.request", { method: "PUT", path, body });
    setSaving(false);
    if (!answer.ok) return setProblem(reason(answer.reason, answer.message));
    notifications.show({ message: t("mail.members.saved", { name: mailbox.name }) });
    close();
  }

  return (
    <Modal
      opened
      onClose={close}
      size={480}
      title={t("mail.members.title", { name: mailbox.name })}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <Select
        label={t("mail.members.add")}
        placeholder={t("mail.members.find")}
        data-autofocus
        openOnFocus={false} // its list would cover who has it already
        searchable
        selectFirstOptionOnChange
        limit={30}
        value={null}
        searchValue={typed}
        onSearchChange={setTyped}
        data={others.map(({ id, name }) => ({ value: id, label: name }))}
        onChange={(userId) => {
          if (userId) put(userId, "sender");
          setTyped("");
        }}
      />
      {members.length === 0 && (
        <Text size="sm" c="dimmed" mt="sm">
          {t("mail.members.none")}
        </Text>
      )}
      <ul className={classes.members} aria-label={t("mail.members")}>
        {members.map(({ role, userId }) => (
          <li key={userId}>
            <Avatar id={userId} name={nameOf(userId)} size={22} />
            <span>{nameOf(userId)}</span>
            <Select
              size="xs"
              w={150}
              aria-label={t("mail.members.roleOf", { name: nameOf(userId) })}
              allowDeselect={false}
              value={role}
              data={roles}
              onChange={(next) => next && put(userId, next)}
            />
            <ActionIcon
              aria-label={t("mail.members.remove", { name: nameOf(userId) })}
              onClick={() => setMembers((before) => before.filter((each) => each.userId !== userId))}
            >
              <IconX size={14} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      {problem !== undefined && (
        <p className={classes.sendFailed} role="alert">
          {problem}
        </p>
      )}
      <div className={classes.dialogButtons}>
        <Button onClick={close}>{t("app.cancel")}</Button>
        <Button variant="filled" loading={saving} onClick={() => void save()}>
          {t("mail.members.save")}
        </Button>
      </div>
    </Modal>
  );
}

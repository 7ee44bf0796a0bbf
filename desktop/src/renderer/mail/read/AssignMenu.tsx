import { Button, Menu } from "@mantine/core";
import { IconUserCheck } from "@tabler/icons-react";
import type { ReplicaMessage } from "#contract";
import type { MailboxDoc } from "@kontor/shared/mail";
import { useDirectory, useReplica } from "../../replica/index.ts";
import { Avatar } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";

/** Who answers, in a mailbox that several people have. */
export function AssignMenu({ mailbox, message }: { readonly mailbox: MailboxDoc; readonly message: ReplicaMessage }) {
  const { t } = useWords();
  const { call } = useReplica();
  const { myId, person } = useDirectory();
  const assignee = person(message.assigneeId);
  const members = mailbox.members
    .flatMap(({ userId }) => person(userId) ?? [])
    .filter(({ active }) => active)
    .toSorted((a, b) => Number(b.id === myId) - Number(a.id === myId) || a.name.localeCompare(b.name));
  const assign = (assigneeId: string | null) =>
    void call("mail.update", { targets: { ids: [message.id] }, change: { assigneeId } });
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <Button
          leftSection={
            assignee ? <Avatar id={assignee.id} name={assignee.name} size={16} /> : <IconUserCheck size={14} />
          }
        >
          {assignee ? (assignee.id === myId ? t("mail.assign.me") : assignee.name) : t("mail.assign")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("mail.assign.who")}</Menu.Label>
        {members.map(({ id, name }) => (
          <Menu.Item key={id} leftSection={<Avatar id={id} name={name} size={18} />} onClick={() => assign(id)}>
            {id === myId ? t("mail.assign.meLong", { name }) : name}
          </Menu.Item>
        ))}
        {message.assigneeId !== undefined && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => assign(null)}>{t("mail.assign.nobody")}</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

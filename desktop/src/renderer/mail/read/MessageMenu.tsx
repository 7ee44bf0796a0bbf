import { Menu } from "@mantine/core";
import { IconArrowsSplit, IconCode, IconDownload, IconMail, IconPrinter } from "@tabler/icons-react";
import type { MailThread, ReplicaMessage } from "#contract";
import { isLeaving } from "@kontor/shared/mail";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import type { StartDraft } from "../compose/index.ts";
import { askMail } from "../mail.requests.ts";
import { useSaveRaw } from "./useSaveRaw.ts";

export type AnswerKind = Exclude<StartDraft["kind"], "new">;

/** What is about this one message and not the conversation. */
export function MessageMenu(props: {
  readonly message: ReplicaMessage;
  readonly thread: MailThread;
  readonly begin: (kind: AnswerKind) => void;
}) {
  const { begin, message, thread } = props;
  const { t } = useWords();
  const { call } = useReplica();
  const saveRaw = useSaveRaw();
  return (
    <>
      {!isLeaving(message) && (
        <>
          <Menu.Item onClick={() => begin("reply")}>{t("mail.reply")}</Menu.Item>
          <Menu.Item onClick={() => begin("replyAll")}>{t("mail.replyAll")}</Menu.Item>
          <Menu.Item onClick={() => begin("forward")}>{t("mail.forward")}</Menu.Item>
          <Menu.Item onClick={() => begin("redirect")}>{t("mail.redirect")}</Menu.Item>
          <Menu.Divider />
        </>
      )}
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

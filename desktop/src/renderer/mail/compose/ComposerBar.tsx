import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import {
  IconArrowDown,
  IconChevronDown,
  IconDots,
  IconExclamationCircle,
  IconFile,
  IconLayoutDashboard,
  IconPencil,
  IconSignature,
  IconTemplate,
  IconTrash,
  IconTypography,
} from "@tabler/icons-react";
import type { Editor } from "@tiptap/core";
import type { MailSettingsDoc } from "@kontor/shared/mail";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import type { ComposerFields } from "./composer.fields.ts";
import { LaterMenu } from "./LaterMenu.tsx";
import type { Sending } from "./useSend.tsx";
import classes from "./compose.module.css";

/** What is done with a draft: send it now or later, hang something in it, and the rest behind three dots. */
export function ComposerBar(props: {
  readonly sending: Sending;
  readonly settings: MailSettingsDoc;
  readonly editor: Editor;
  readonly fields: ComposerFields;
  readonly change: (part: Partial<ComposerFields>) => void;
  readonly toolsShown: boolean;
  readonly toggleTools: () => void;
  readonly chooseFiles: () => void;
  readonly chooseCard: () => void;
  /** Absent where it is shown already. */
  readonly showSubject: (() => void) | undefined;
  readonly discard: () => void;
}) {
  const { change, editor, fields, sending, settings } = props;
  const { t, locale } = useWords();
  const { status } = useReplica();
  const isOnline = status.connection === "online";
  const isText = fields.origin.kind !== "redirect";
  return (
    <footer className={classes.bar}>
      <Tooltip label={window.kontor.platform === "darwin" ? "⌘ ↩" : "Ctrl ↩"}>
        <Button variant="filled" loading={sending.isSending} onClick={() => void sending.send()}>
          {t(isOnline ? "compose.send" : "compose.sendWhenOnline")}
        </Button>
      </Tooltip>
      <LaterMenu sendAt={(at) => void sending.send(at)} followUp={sending.followUp} setFollowUp={sending.setFollowUp} />
      {isText && (
        <Menu position="top-start">
          <Menu.Target>
            <Button rightSection={<IconChevronDown size={14} />}>{t("compose.attach")}</Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconFile size={15} />} onClick={props.chooseFiles}>
              {t("compose.attach.files")}
            </Menu.Item>
            <Menu.Item leftSection={<IconLayoutDashboard size={15} />} onClick={props.chooseCard}>
              {t("compose.attach.card")}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {isText && (
        <Tooltip label={t("compose.tools")}>
          <ActionIcon
            variant={props.toolsShown ? "light" : "subtle"}
            color={props.toolsShown ? "accent" : "gray"}
            aria-label={t("compose.tools")}
            aria-pressed={props.toolsShown}
            onClick={props.toggleTools}
          >
            <IconTypography size={16} />
          </ActionIcon>
        </Tooltip>
      )}
      <Menu position="top-start" width={250}>
        <Menu.Target>
          <ActionIcon aria-label={t("compose.more")}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {isText && (
            <>
              {props.showSubject && (
                <Menu.Item leftSection={<IconPencil size={15} />} onClick={props.showSubject}>
                  {t("compose.changeSubject")}
                </Menu.Item>
              )}
              <Menu.Item
                leftSection={<IconExclamationCircle size={15} />}
                onClick={() => change({ importance: fields.importance === "high" ? undefined : "high" })}
              >
                {t(fields.importance === "high" ? "compose.importance.normal" : "compose.importance.high")}
              </Menu.Item>
              <Menu.Item
                leftSection={<IconArrowDown size={15} />}
                onClick={() => change({ importance: fields.importance === "low" ? undefined : "low" })}
              >
                {t(fields.importance === "low" ? "compose.importance.normal" : "compose.importance.low")}
              </Menu.Item>
              {settings.templates.length > 0 && <Menu.Label>{t("compose.templates")}</Menu.Label>}
              {settings.templates.map(({ html, id, name, subject }) => (
                <Menu.Item
                  key={id}
                  leftSection={<IconTemplate size={15} />}
                  onClick={() => {
                    editor.chain().focus().insertContent(html).run();
                    if (fields.subject.trim() === "") change({ subject });
                  }}
                >
                  {name}
                </Menu.Item>
              ))}
              {settings.signatures.length > 0 && <Menu.Label>{t("compose.signatures")}</Menu.Label>}
              {settings.signatures.map(({ html, id, name }) => (
                <Menu.Item
                  key={id}
                  leftSection={<IconSignature size={15} />}
                  onClick={() => editor.chain().focus().insertContent(html).run()}
                >
                  {name}
                </Menu.Item>
              ))}
              <Menu.Divider />
            </>
          )}
          <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={props.discard}>
            {t("compose.discard")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <span className={classes.push} />
      <span className={classes.note}>
        {sending.followUp !== undefined
          ? t("compose.followUp.on", { when: dayIn(locale, sending.followUp) })
          : isOnline && settings.undoSeconds > 0 && t("compose.undoWithin", { seconds: settings.undoSeconds })}
      </span>
    </footer>
  );
}

const dayIn = (locale: string, at: string): string =>
  new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" }).format(new Date(at));

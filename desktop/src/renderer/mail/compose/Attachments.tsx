import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconChevronDown, IconLink, IconPaperclip, IconX } from "@tabler/icons-react";
import type { AttachmentUpload, ReplicaMessage } from "#contract";
import { linkedAttachments, mailLimits, type AttachmentDoc } from "@kontor/shared/mail";
import { useReplica } from "../../replica/index.ts";
import { formatSize } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { filesOf } from "../filesOf.ts";
import classes from "./compose.module.css";

/** What hangs in a draft, but for the pictures within its text. */
export function Attachments(props: {
  readonly message: ReplicaMessage;
  readonly hasOutsiders: boolean;
  readonly giveAs: (fileId: string, as: "file" | "link") => void;
  readonly remove: (fileId: string) => void;
}) {
  const { giveAs, hasOutsiders, message, remove } = props;
  const { t, locale } = useWords();
  const files = filesOf(message);
  if (files.length === 0) return null;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const linked = linkedAttachments(message.attachments);
  return (
    <ul className={classes.attachments} aria-label={t("compose.attachments", { count: files.length })}>
      {files.map((file) => (
        <Attachment key={file.id} file={file} upload={message.uploads?.[file.id]} remove={() => remove(file.id)}>
          {hasOutsiders && <GivenAs file={file} isLink={linked.includes(file)} choose={(as) => giveAs(file.id, as)} />}
        </Attachment>
      ))}
      {files.length > 1 && <li className={classes.sum}>{formatSize(bytes, locale)}</li>}
    </ul>
  );
}

function Attachment(props: {
  readonly file: AttachmentDoc;
  readonly upload: AttachmentUpload | undefined;
  readonly remove: () => void;
  readonly children: React.ReactNode;
}) {
  const { t, locale, reason } = useWords();
  const { status } = useReplica();
  const { file, upload } = props;
  const percent = upload && file.size > 0 ? Math.round((upload.sentBytes / file.size) * 100) : undefined;
  const line =
    upload?.state === "failed"
      ? t("compose.attach.failed", { reason: reason(upload.reason ?? "", upload.reason ?? "") })
      : upload?.state === "uploading" && percent !== undefined
        ? t("compose.attach.uploading", { percent })
        : upload && status.connection !== "online"
          ? t("compose.attach.waiting")
          : undefined;
  return (
    <li className={classes.attachment} data-bad={upload?.state === "failed" || undefined}>
      <IconPaperclip size={14} stroke={1.6} aria-hidden />
      <span className={classes.attachmentName} title={file.name}>
        {file.name}
      </span>
      <small>{[file.size > 0 ? formatSize(file.size, locale) : undefined, line].filter(Boolean).join(" · ")}</small>
      {file.risky && (
        <Tooltip label={t("compose.attach.risky")}>
          <IconAlertTriangle size={14} stroke={1.6} color="var(--warn)" aria-label={t("compose.attach.risky")} />
        </Tooltip>
      )}
      {props.children}
      <ActionIcon size={18} aria-label={t("compose.attach.remove", { name: file.name })} onClick={props.remove}>
        <IconX size={12} />
      </ActionIcon>
      {percent !== undefined && upload?.state === "uploading" && (
        <span
          className={classes.progress}
          role="progressbar"
          aria-label={file.name}
          aria-valuenow={percent}
          aria-valuemin={0}
          aria-valuemax={100}
        >
          <span style={{ width: `${percent}%` }} />
        </span>
      )}
    </li>
  );
}

/** How people outside get it; what is too large to travel is a link, whatever one chose. */
function GivenAs(props: {
  readonly file: AttachmentDoc;
  readonly isLink: boolean;
  readonly choose: (as: "file" | "link") => void;
}) {
  const { t } = useWords();
  const { choose, file, isLink } = props;
  const isTooLarge = isLink && file.as !== "link";
  const now = t(isLink ? "compose.attach.as.link" : "compose.attach.as.file");
  const item = (as: "file" | "link", icon: React.ReactNode, hint: string) => (
    <Menu.Item
      leftSection={icon}
      rightSection={(as === "link") === isLink ? <IconCheck size={14} /> : undefined}
      disabled={as === "file" && isTooLarge}
      onClick={() => choose(as)}
    >
      {t(`compose.attach.as.${as}`)}
      <small className={classes.givenAsHint}>{hint}</small>
    </Menu.Item>
  );
  return (
    <Menu position="top-start" width={320}>
      <Menu.Target>
        <button
          type="button"
          className={classes.givenAs}
          aria-label={`${t("compose.attach.as", { name: file.name })} ${now}`}
        >
          {now}
          <IconChevronDown size={11} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("compose.attach.as.title")}</Menu.Label>
        {item(
          "file",
          <IconPaperclip size={15} />,
          t(isTooLarge ? "compose.attach.as.tooLarge" : "compose.attach.as.fileHint"),
        )}
        {item("link", <IconLink size={15} />, t("compose.attach.as.linkHint", { days: mailLimits.linkDays }))}
      </Menu.Dropdown>
    </Menu>
  );
}

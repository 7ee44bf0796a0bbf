import { ActionIcon, Button, Menu, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconDots, IconDownload, IconFile } from "@tabler/icons-react";
import { useState } from "react";
import type { ReplicaMessage } from "#contract";
import { isProgram } from "@kontor/shared/files";
import { linkedAttachments, linksEndAt, type AttachmentDoc } from "@kontor/shared/mail";
import { canView, extensionOf, useSaveProgram, useThumbnail, Viewer } from "../../files/index.ts";
import { useReplica } from "../../replica/index.ts";
import { formatSize } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { filesOf } from "../filesOf.ts";
import classes from "./read.module.css";

/** What hangs in a message; pictures that its text shows are not said twice. */
export function AttachmentTiles({ message }: { readonly message: ReplicaMessage }) {
  const { t, locale } = useWords();
  const [viewed, setViewed] = useState<string>();
  const files = filesOf(message);
  const handle = useAttachment();
  const shown = files.find(({ id }) => id === viewed);
  if (files.length === 0) return null;
  const size = files.reduce((sum, each) => sum + each.size, 0);
  const linked = linkedOf(message);
  const until = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" }).format(
    linksEndAt(Date.parse(message.sentAt)),
  );
  return (
    <section className={classes.attachments} aria-label={t("mail.attachments")}>
      {files.length > 1 && (
        <div className={classes.attachmentsHead}>
          {t("mail.attachmentsOf", { count: files.length, size: formatSize(size, locale) })}
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconDownload size={13} />}
            onClick={() => void handle.saveAll(files)}
          >
            {t("mail.attachments.saveAll")}
          </Button>
        </div>
      )}
      <ul className={classes.tiles}>
        {files.map((file) => (
          <li key={file.id} className={classes.fileTile} data-testid={`attachment-${file.name}`}>
            <button
              type="button"
              aria-label={t("files.open", { name: file.name })}
              onClick={() => (canView(file) ? setViewed(file.id) : void handle.open(file))}
            >
              <Thumbnail file={file} />
            </button>
            <div className={classes.fileName} title={file.name}>
              {file.risky && (
                <IconAlertTriangle size={13} className={classes.warned} aria-label={t("mail.attachment.risky")} />
              )}
              <FileName name={file.name} />
              <Menu position="bottom-end">
                <Menu.Target>
                  <ActionIcon size={24} aria-label={t("files.menu", { name: file.name })}>
                    <IconDots size={14} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  {canView(file) && <Menu.Item onClick={() => setViewed(file.id)}>{t("files.view")}</Menu.Item>}
                  {!isProgram(file.name) && (
                    <Menu.Item onClick={() => void handle.open(file)}>{t("files.openExternally")}</Menu.Item>
                  )}
                  <Menu.Item onClick={() => void handle.saveAs(file)}>{t("files.saveAs")}</Menu.Item>
                </Menu.Dropdown>
              </Menu>
            </div>
            <small>{file.state === "awaiting" ? t("mail.attachment.awaiting") : formatSize(file.size, locale)}</small>
            {linked.includes(file) && <small>{t("mail.attachment.linkedUntil", { date: until })}</small>}
          </li>
        ))}
      </ul>
      {shown && <Viewer key={shown.id} file={shown} close={() => setViewed(undefined)} />}
    </section>
  );
}

/** What people outside got a link to: for who sent it, whose copy keeps the link alive. */
function linkedOf({ attachments, deliveries, send }: ReplicaMessage): readonly AttachmentDoc[] {
  if (send?.state !== "sent" || !deliveries?.length) return [];
  return linkedAttachments(attachments);
}

/** However long it is, its end is seen: that decides what opens it, and `offer.pdf.exe` hopes to be cut before. */
function FileName({ name }: { readonly name: string }) {
  const dot = name.lastIndexOf(".");
  const cut = dot > 0 && name.length - dot <= MAX_ENDING_CHARS ? dot : name.length;
  return (
    <span>
      <span>{name.slice(0, cut)}</span>
      <span>{name.slice(cut)}</span>
    </span>
  );
}
const MAX_ENDING_CHARS = 12; // .appxbundle

function Thumbnail({ file }: { readonly file: AttachmentDoc }) {
  const address = useThumbnail(file);
  if (address !== undefined) return <img src={address} alt="" draggable={false} />;
  return (
    <span className={classes.noThumbnail}>
      <IconFile size={22} stroke={1.3} aria-hidden />
      <span>{extensionOf(file.name)}</span>
    </span>
  );
}

/** Opening and saving: the body is brought here first, and what could run is asked about. */
function useAttachment() {
  const { call } = useReplica();
  const { t, reason } = useWords();
  const saveProgram = useSaveProgram();

  async function bring(file: AttachmentDoc): Promise<boolean> {
    const noticeId = `fetch-${file.id}`;
    notifications.show({ id: noticeId, loading: true, autoClose: false, message: t("files.fetching") });
    const answer = await call("file.fetch", { id: file.id, what: "content" }).catch(() => ({
      available: false as const,
      reason: "",
    }));
    notifications.hide(noticeId);
    if (answer.available) return true;
    const why = answer.reason ? reason(answer.reason, t("files.notFetched")) : t("files.notFetched");
    notifications.show({ color: "yellow", message: why });
    return false;
  }

  async function openNow(file: AttachmentDoc): Promise<void> {
    if (!(await bring(file))) return;
    const answer = await window.kontor.openExternally({ fileId: file.id, name: file.name });
    if (!answer.ok) notifications.show({ color: "yellow", message: reason(answer.reason, answer.message) });
  }

  async function saveAs(file: AttachmentDoc): Promise<boolean> {
    if (!(await bring(file))) return false;
    const { saved } = await window.kontor.saveFileAs({ fileId: file.id, name: file.name });
    if (saved) notifications.show({ message: t("files.saved", { name: file.name }) });
    return saved;
  }

  return {
    saveAs,
    async saveAll(files: readonly AttachmentDoc[]): Promise<void> {
      // One question each: whoever cancels one has had enough of them.
      for (const file of files) if (!(await saveAs(file))) return;
    },
    open(file: AttachmentDoc): Promise<void> | void {
      if (isProgram(file.name)) return saveProgram(file.name, () => void saveAs(file));
      if (!file.risky) return openNow(file);
      modals.openConfirmModal({
        title: t("mail.attachment.riskyTitle"),
        children: <Text size="sm">{t("mail.attachment.riskyText", { name: file.name })}</Text>,
        labels: { confirm: t("mail.attachment.openAnyway"), cancel: t("app.cancel") },
        confirmProps: { color: "red", variant: "filled" },
        onConfirm: () => void openNow(file),
      });
      return undefined;
    },
  };
}

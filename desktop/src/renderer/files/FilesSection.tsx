import { ActionIcon, Menu, Modal, Button, TextInput, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconDots, IconFile, IconLock, IconPlus } from "@tabler/icons-react";
import { useState, type DragEvent, type FormEvent } from "react";
import type { ReplicaFile, ReplicaRecord } from "#contract";
import { newId } from "@kontor/shared/base";
import { fileLimits, isProgram } from "@kontor/shared/files";
import type { FieldDefinition } from "@kontor/shared/objects";
import { ReasonTooltip, useAccess, useReason } from "../access/index.ts";
import { useDirectory, useFailureWords, useReplica, useRows } from "../replica/index.ts";
import { complain, formatSize } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { canView, fileLine, obstacleTo } from "./file.state.ts";
import { useSaveProgram } from "./useSaveProgram.tsx";
import { extensionOf, useThumbnail } from "./useThumbnail.ts";
import { Viewer } from "./Viewer.tsx";
import classes from "./files.module.css";

interface FilesSectionProps {
  readonly record: ReplicaRecord;
  readonly fieldKey: string;
  readonly field: Extract<FieldDefinition, { kind: "files" }>;
  /** By mail. */
  readonly send: (fileId: string) => void;
}

/** The files of one field: added by button or by dropping them anywhere on the section, seen without leaving the card. */
export function FilesSection({ record, fieldKey, field, send }: FilesSectionProps) {
  const { t, label } = useWords();
  const rows = useRows("files", { selector: { recordId: record.id }, sort: [{ createdAt: "asc" }] });
  const files = (rows === "refused" || !rows ? [] : rows).filter((file) => file.field === fieldKey);
  const [viewed, setViewed] = useState<string>();
  const [over, setOver] = useState(false);
  const attach = useAttach(record.id, fieldKey, field.accept);
  const { ask } = useAccess();
  const { reasonFor } = useReason();
  const isFull = field.max !== undefined && files.length >= field.max;
  const isOpen = record.can.actions.includes("attach");
  const mayAttach = !record.trashed && isOpen && !isFull;
  const isClosed = !record.trashed && !isOpen && !isFull;
  const shown = files.find((file) => file.id === viewed);

  function onDrop(event: DragEvent): void {
    event.preventDefault();
    setOver(false);
    if (mayAttach) void attach.dropped(event.dataTransfer);
  }

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dropping has a button beside it
    <section
      className={classes.section}
      aria-label={label(field.label)}
      data-over={(over && mayAttach) || undefined}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = mayAttach ? "copy" : "none";
        setOver(true);
      }}
      onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && setOver(false)}
      onDrop={onDrop}
    >
      <h3>{label(field.label)}</h3>
      <ul className={classes.files}>
        {files.map((file) => (
          <FileTile
            key={file.id}
            file={file}
            record={record}
            mayChange={!record.trashed && isOpen}
            view={() => setViewed(file.id)}
            send={() => send(file.id)}
          />
        ))}
        {mayAttach && (
          <li>
            <button
              type="button"
              className={classes.add}
              data-alone={files.length === 0 || undefined}
              onClick={() => void attach.chosen()}
            >
              <IconPlus size={18} stroke={1.6} aria-hidden />
              {t("files.add")}
              <small>{t(over ? "files.dropNow" : "files.drop")}</small>
            </button>
          </li>
        )}
        {isClosed && (
          <li>
            <ReasonTooltip reason={reasonFor(record, { act: "attach" }, t("access.short.attach"))}>
              <button
                type="button"
                className={classes.add}
                data-alone={files.length === 0 || undefined}
                data-closed
                aria-disabled
                onClick={() => ask({ type: record.type, recordId: record.id, act: "attach" })}
              >
                <IconLock size={16} stroke={1.6} aria-hidden />
                {t("files.add")}
              </button>
            </ReasonTooltip>
          </li>
        )}
        {!mayAttach && !isClosed && files.length === 0 && <li className={classes.none}>{t("files.noneReadOnly")}</li>}
      </ul>
      {shown && <Viewer key={shown.id} file={shown} close={() => setViewed(undefined)} />}
    </section>
  );
}

/** A file above this is given by its path only: bytes through the port would hold it in memory. */
const MAX_BYTES_BY_PORT = 64 * 1024 ** 2;

function useAttach(recordId: string, field: string, accept: readonly string[] | undefined) {
  const { call } = useReplica();
  const { t, locale } = useWords();
  const failureWords = useFailureWords();

  async function add(name: string, source: { path: string } | { bytes: Uint8Array }): Promise<void> {
    try {
      await call("file.attach", { id: newId(), recordId, field, name, source: source as never });
    } catch (error) {
      complain(t("files.attachFailed", { name, reason: failureWords(error) }));
    }
  }

  /** True when it may be added; what is wrong has been said. */
  function check(name: string, size: number): boolean {
    const obstacle = obstacleTo({ name, size }, accept);
    if (!obstacle) return true;
    const limit = obstacle === "files.wrongKind" ? (accept ?? []).join(", ") : formatSize(fileLimits.maxBytes, locale);
    complain(t(obstacle, { name, limit }));
    return false;
  }

  return {
    async chosen(): Promise<void> {
      for (const path of await window.kontor.chooseFiles()) {
        const name = path.split(/[/\\]/).pop() ?? path;
        if (check(name, 0)) await add(name, { path }); // its size is known on the replica's side only
      }
    },
    async dropped(data: DataTransfer): Promise<void> {
      const items = [...data.items].filter((item) => item.kind === "file");
      const folders = items.filter((item) => item.webkitGetAsEntry()?.isDirectory);
      const files = items.filter((item) => !folders.includes(item)).flatMap((item) => item.getAsFile() ?? []);
      if (folders.length > 0) complain(t("files.isFolder"));
      for (const file of files) {
        if (!check(file.name, file.size)) continue;
        const path = window.kontor.pathOf(file);
        // A picture dragged out of a browser has no path, only bytes.
        if (path) await add(file.name, { path });
        else if (file.size <= MAX_BYTES_BY_PORT)
          await add(file.name, { bytes: new Uint8Array(await file.arrayBuffer()) });
        else complain(t("files.tooLarge", { name: file.name, limit: formatSize(MAX_BYTES_BY_PORT, locale) }));
      }
    },
  };
}

function FileTile(props: {
  readonly file: ReplicaFile;
  readonly record: ReplicaRecord;
  readonly mayChange: boolean;
  readonly view: () => void;
  readonly send: () => void;
}) {
  const { t, locale, reason } = useWords();
  const { myId, personName } = useDirectory();
  const { call } = useReplica();
  const [renaming, setRenaming] = useState(false);
  const { file, mayChange, record, send, view } = props;
  const line = fileLine(file, (id) => personName(id) ?? t("objects.somebody"), file.createdBy === myId);
  const words = "reason" in line ? t(line.key, { reason: reason(line.reason, line.reason) }) : t(line.key, line.params);
  const percent = file.upload && file.size > 0 ? (file.upload.sentBytes / file.size) * 100 : undefined;

  async function remove(): Promise<void> {
    await call("file.detach", { id: file.id });
    const noticeId = `removed-${file.id}`;
    notifications.show({
      id: noticeId,
      title: t("files.removed", { name: file.name }),
      message: (
        <Button
          onClick={() => {
            notifications.hide(noticeId);
            void call("file.restore", { id: file.id });
          }}
        >
          {t("app.undo")}
        </Button>
      ),
    });
  }

  /** The body must be on this computer before main can hand it on. */
  async function withBody(then: () => Promise<void>): Promise<void> {
    const noticeId = `fetch-${file.id}`;
    notifications.show({ id: noticeId, loading: true, autoClose: false, message: t("files.fetching") });
    try {
      const { available, reason: why } = await call("file.fetch", { id: file.id, what: "content" });
      notifications.hide(noticeId);
      if (available) return await then();
      notifications.show({
        color: "yellow",
        message: why ? reason(why, t("files.notFetched")) : t("files.notFetched"),
      });
    } catch (error) {
      notifications.hide(noticeId);
      notifications.show({ color: "red", message: error instanceof Error ? error.message : String(error) });
    }
  }

  const saveProgram = useSaveProgram();
  const saveAs = () =>
    withBody(async () => {
      const { saved } = await window.kontor.saveFileAs({ fileId: file.id, name: file.name });
      if (saved) notifications.show({ message: t("files.saved", { name: file.name }) });
    });
  const openExternally = () =>
    withBody(async () => {
      const answer = await window.kontor.openExternally({ fileId: file.id, name: file.name });
      if (!answer.ok) notifications.show({ color: "yellow", message: reason(answer.reason, answer.message) });
    });
  const open = () => {
    if (canView(file)) return view();
    if (isProgram(file.name)) return saveProgram(file.name, () => void saveAs());
    void openExternally();
  };

  return (
    <li className={classes.file} data-testid={`file-${file.name}`}>
      <button type="button" className={classes.tile} aria-label={t("files.open", { name: file.name })} onClick={open}>
        <Thumbnail file={file} />
        {percent !== undefined && (
          <span
            className={classes.progress}
            role="progressbar"
            aria-label={file.name}
            aria-valuenow={Math.round(percent)}
            aria-valuemin={0}
            aria-valuemax={100}
          >
            <span style={{ width: `${percent}%` }} />
          </span>
        )}
      </button>
      <div className={classes.under}>
        <div className={classes.name} title={file.name}>
          {file.name}
        </div>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size={20} aria-label={t("files.menu", { name: file.name })}>
              <IconDots size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {canView(file) && <Menu.Item onClick={view}>{t("files.view")}</Menu.Item>}
            {!isProgram(file.name) && (
              <Menu.Item onClick={() => void openExternally()}>{t("files.openExternally")}</Menu.Item>
            )}
            <Menu.Item onClick={() => void saveAs()}>{t("files.saveAs")}</Menu.Item>
            {file.state === "stored" && !record.trashed && (
              <Menu.Item onClick={send}>{t("compose.toRecord")}</Menu.Item>
            )}
            {mayChange && (
              <>
                <Menu.Divider />
                <Menu.Item onClick={() => setRenaming(true)}>{t("files.rename")}</Menu.Item>
                <Menu.Item color="red" onClick={() => void remove()}>
                  {t("files.remove")}
                </Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      </div>
      <div className={classes.line} data-bad={line.bad}>
        {words} · {formatSize(file.size, locale)}
      </div>
      {renaming && <RenameDialog file={file} close={() => setRenaming(false)} />}
    </li>
  );
}

function RenameDialog({ file, close }: { readonly file: ReplicaFile; readonly close: () => void }) {
  const { t } = useWords();
  const { call } = useReplica();
  const [name, setName] = useState(file.name);
  const wrong = name.trim() !== "" && obstacleTo({ name, size: 0 });
  async function rename(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (wrong || !name.trim()) return;
    if (name.trim() !== file.name) await call("file.rename", { id: file.id, name: name.trim() });
    close();
  }
  return (
    <Modal opened onClose={close} title={t("files.rename")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form onSubmit={(event) => void rename(event)}>
        <TextInput
          label={t("files.newName")}
          value={name}
          data-autofocus
          error={wrong ? t("files.badName", { name }) : undefined}
          onFocus={(event) => {
            const dot = event.currentTarget.value.lastIndexOf(".");
            event.currentTarget.setSelectionRange(0, dot > 0 ? dot : event.currentTarget.value.length);
          }}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group justify="flex-end" mt="md">
          <Button onClick={close}>{t("app.cancel")}</Button>
          <Button type="submit" variant="filled">
            {t("files.rename")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

function Thumbnail({ file }: { readonly file: ReplicaFile }) {
  const address = useThumbnail(file);
  if (address !== undefined) return <img className={classes.thumbnail} src={address} alt="" draggable={false} />;
  return (
    <span className={classes.noThumbnail}>
      <IconFile size={26} stroke={1.2} aria-hidden />
      <span>{extensionOf(file.name)}</span>
    </span>
  );
}

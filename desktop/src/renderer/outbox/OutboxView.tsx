import { ActionIcon, Button, Progress, Text, Tooltip } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconFileUpload, IconMail, IconPencil, IconRefresh, IconTrash } from "@tabler/icons-react";
import type { OutboxItem } from "#contract";
import { go } from "../app/route.ts";
import { useReplica, useRow } from "../replica/index.ts";
import { Empty, StateBadge, Time, formatSize } from "../ui/index.ts";
import { useWords, type WordKey } from "../words/index.ts";
import { useIntentName } from "./useIntentName.ts";
import { useItems } from "./useItems.ts";
import classes from "./outbox.module.css";

/** Everything that has not reached the server yet, whatever it is, in the order in which it will go. */
export function OutboxView() {
  const { t } = useWords();
  const { call, status } = useReplica();
  const items = useItems("outbox.list");
  return (
    <section className={classes.view} aria-label={t("app.place.outbox")} data-region="outbox">
      <header className={classes.head}>
        <h1>{t("app.place.outbox")}</h1>
        <p>{status.connection === "online" ? t("outbox.online") : t("outbox.offline")}</p>
        {items && items.length > 0 && (
          <Button
            leftSection={<IconRefresh size={15} />}
            onClick={() => void call("sync.tryNow", {}).then(() => call("outbox.retry", {}))}
          >
            {t("outbox.tryNow")}
          </Button>
        )}
      </header>
      <div className={classes.scroll}>
        {items?.length === 0 && <Empty title={t("outbox.empty")} />}
        {items && items.length > 0 && (
          <ul className={classes.items}>
            {items.map((item) => (
              <Item key={item.mid} item={item} />
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

const stateWords = {
  waiting: "outbox.state.waiting",
  sending: "outbox.state.sending",
  retrying: "outbox.state.retrying",
} as const satisfies Record<OutboxItem["state"], WordKey>;

function Item({ item }: { readonly item: OutboxItem }) {
  const { t, locale, reason } = useWords();
  const { call } = useReplica();
  const nameOf = useIntentName();
  const record = useRow("records", item.recordId);
  const { progress } = item;
  const isMail = item.collection === "messages";
  const open = record
    ? () => go({ at: "objects", type: record.type, id: record.id })
    : isMail
      ? () => go({ at: "mail", place: item.name === "mail.send" ? "outbox" : "drafts", id: item.rowId })
      : undefined;
  const percent = progress && progress.totalBytes > 0 ? (progress.sentBytes / progress.totalBytes) * 100 : 0;

  const discard = () =>
    modals.openConfirmModal({
      title: t("outbox.discard.title"),
      children: <Text size="sm">{t("outbox.discard.text", { what: nameOf(item.name), title: item.title })}</Text>,
      labels: { confirm: t("outbox.discard"), cancel: t("app.cancel") },
      confirmProps: { color: "red", variant: "filled" },
      onConfirm: () => void call("outbox.discard", { mid: item.mid }),
    });

  return (
    <li className={classes.item}>
      {item.kind === "upload" ? (
        <IconFileUpload size={18} stroke={1.6} />
      ) : isMail ? (
        <IconMail size={18} stroke={1.6} />
      ) : (
        <IconPencil size={18} stroke={1.6} />
      )}
      <div className={classes.title}>
        {item.count !== undefined ? (
          t("outbox.many", { count: item.count })
        ) : open ? (
          <button type="button" onClick={open}>
            {item.title || nameOf(item.name)}
          </button>
        ) : (
          item.title || nameOf(item.name)
        )}
      </div>
      <div className={classes.meta}>
        {nameOf(item.name)} · <Time at={item.at} />
        {progress &&
          ` · ${t("outbox.progress", {
            sent: formatSize(progress.sentBytes, locale),
            total: formatSize(progress.totalBytes, locale),
          })}`}
        {item.attempts > 1 && ` · ${t("outbox.attempts", { count: item.attempts })}`}
        {item.reason && ` · ${reason(item.reason, item.reason)}`}
      </div>
      {progress && item.state === "sending" && (
        <Progress
          className={classes.progress}
          value={percent}
          size={3}
          color="accent"
          aria-label={t("outbox.progress", {
            sent: formatSize(progress.sentBytes, locale),
            total: formatSize(progress.totalBytes, locale),
          })}
        />
      )}
      <div className={classes.actions}>
        <StateBadge tone={item.state === "sending" ? "accent" : "warn"}>{t(stateWords[item.state])}</StateBadge>
        <Tooltip label={t("outbox.retry")}>
          <ActionIcon
            aria-label={t("outbox.retryOf", { title: item.title })}
            onClick={() => void call("outbox.retry", { mid: item.mid })}
          >
            <IconRefresh size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t("outbox.discard")}>
          <ActionIcon aria-label={t("outbox.discardOf", { title: item.title })} onClick={discard}>
            <IconTrash size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
    </li>
  );
}

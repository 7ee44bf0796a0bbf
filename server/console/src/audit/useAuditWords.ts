import { en } from "../words/en.ts";
import { useWords, type WordKey } from "../words/words.ts";
import type { AuditEntry } from "./audit.api.ts";

const SHORT = 8; // of a UUID: enough to tell two apart at a glance

/** How the log's names read: those that this console has words for, and the others as they are. */
export function useAuditWords() {
  const { t, locale } = useWords();
  const known = (prefix: string, name: string): string =>
    `${prefix}.${name}` in en ? t(`${prefix}.${name}` as WordKey) : name;
  const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

  return {
    actionName: (action: string) => known("audit.action", action),
    channelName: (channel: string) => known("audit.channel", channel),
    detailName: (key: string) => known("audit.detail", key),
    /** By which way something left, or was asked for; other texts are shown as they are. */
    wayName: (way: string) => known("audit.way", way),
    moment: (iso: string) => format.format(new Date(iso)),
    personName({ userId, login, channel }: AuditEntry, names: Readonly<Record<string, string>>): string {
      const name = userId === null ? undefined : names[userId];
      if (name !== undefined) return name;
      if (login !== null) return login;
      return channel === null || channel === "cli" ? t("audit.person.server") : t("audit.person.unknown");
    },
    objectName(
      { objectKind, objectId, objectTitle, details }: AuditEntry,
      names: Readonly<Record<string, string>>,
    ): string {
      if (objectKind === null) return "";
      const kind = known("audit.kind", objectKind);
      const many = Array.isArray(details["ids"]) ? details["ids"].length : 0;
      if (many > 0) return `${kind} × ${many}`;
      if (objectId === null) return kind;
      return `${kind}: ${names[objectId] ?? objectTitle ?? shortId(objectId)}`;
    },
  };
}

const shortId = (id: string): string => (id.length === 36 ? `…${id.slice(-SHORT)}` : id);

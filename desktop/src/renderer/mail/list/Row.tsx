import { Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconArrowForwardUp,
  IconClock,
  IconExclamationMark,
  IconFlagFilled,
  IconPaperclip,
} from "@tabler/icons-react";
import type { MailRow } from "#contract";
import { isAhead, useNow } from "../../access/useNow.ts";
import { useDirectory, useReplica } from "../../replica/index.ts";
import { Avatar, formatMomentShort, StateBadge, Time } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import type { Addresses } from "../useAddresses.ts";
import classes from "./list.module.css";

/** One line of a list: who, when, what about; marks only where there is something to say. */
export function Row(props: {
  readonly row: MailRow;
  readonly addresses: Addresses;
  /** One looks at what one wrote: people are those to whom it goes. */
  readonly isOutgoing: boolean;
  /** A draft that the server did not take when it was sent. */
  readonly isRefused: boolean;
}) {
  const { t, locale } = useWords();
  const { person } = useDirectory();
  const isOffline = useReplica().status.connection !== "online";
  const { addresses, isOutgoing, isRefused, row } = props;
  const assignee = person(row.assigneeId);
  const names = row.people.map((each) => (each.me && !isOutgoing ? t("mail.me") : shortName(addresses.nameOf(each))));
  const who = names.length > 0 ? joined(names) : t(isOutgoing ? "mail.noRecipients" : "mail.unknownSender");
  return (
    <>
      <span className={classes.rowLine}>
        <span className={classes.rowWho}>
          {row.unread > 0 && <span className={classes.unreadDot} role="img" aria-label={t("mail.unread")} />}
          <span className={classes.rowNames}>
            {row.hasDraft && !isOutgoing && <em className={classes.draftMark}>{t("mail.draftMark")} </em>}
            {isOutgoing && names.length > 0 ? t("mail.toWhom", { who }) : who}
            {row.count > 1 && <span className={classes.rowCount}> ({row.count})</span>}
          </span>
        </span>
        <span className={classes.rowTime}>
          <Time at={row.at} />
        </span>
      </span>
      <span className={classes.rowLine}>
        <span className={classes.rowSubject}>
          {row.answered && <IconArrowBackUp size={13} aria-label={t("mail.answered")} />}
          {row.forwarded && <IconArrowForwardUp size={13} aria-label={t("mail.forwarded")} />}
          <span>
            {row.subject || t("mail.noSubject")}
            {row.snippet && <span className={classes.rowSnippet}> — {row.snippet}</span>}
          </span>
        </span>
        <span className={classes.rowMarks}>
          {row.labels.slice(0, 1).map((label) => (
            <span key={label} className={classes.label}>
              {label}
            </span>
          ))}
          {row.record && <span className={classes.rowRecord}>{row.record.title}</span>}
          {row.warned && <IconAlertTriangle size={14} className={classes.warned} aria-label={t("mail.warned")} />}
          {row.importance === "high" && (
            <IconExclamationMark size={14} className={classes.important} aria-label={t("mail.important")} />
          )}
          {row.files && <IconPaperclip size={14} aria-label={t("mail.hasFiles")} />}
          {row.followUpAt && (
            <Tooltip label={t("mail.reminds", { when: formatMomentShort(row.followUpAt, locale) })}>
              <IconClock
                size={14}
                aria-label={t("mail.reminds", { when: formatMomentShort(row.followUpAt, locale) })}
              />
            </Tooltip>
          )}
          {row.flagged && <IconFlagFilled size={13} className={classes.flagged} aria-label={t("mail.flagged")} />}
          {assignee && (
            <Tooltip label={t("mail.assignedTo", { name: assignee.name })}>
              <span>
                <Avatar id={assignee.id} name={assignee.name} size={16} />
              </span>
            </Tooltip>
          )}
          {row.snoozedUntil && <SnoozeMark until={row.snoozedUntil} />}
          {row.send && <SendMark send={row.send} pending={row.pending} />}
          {isRefused && row.send?.state === "draft" && <StateBadge tone="bad">{t("mail.send.failed")}</StateBadge>}
          {/* What is on its way is there in a moment: said only while it cannot go. */}
          {row.pending > 0 && isOffline && row.send?.state !== "scheduled" && (
            <StateBadge tone="warn">{t("mail.waiting")}</StateBadge>
          )}
        </span>
      </span>
    </>
  );
}

/** Whoever undoes has at most a minute; what leaves later than that was put off on purpose, and says until when. */
const SOON_MS = 61_000;

function SendMark({ pending, send }: { readonly pending: number; readonly send: NonNullable<MailRow["send"]> }) {
  const { t, locale } = useWords();
  const now = useNow();
  switch (send.state) {
    case "scheduled":
      return (
        <StateBadge tone="accent">
          {send.at !== undefined && Date.parse(send.at) - now > SOON_MS
            ? t("mail.leaves", { when: formatMomentShort(send.at, locale) })
            : t(pending > 0 ? "mail.send.whenOnline" : "mail.send.scheduled")}
        </StateBadge>
      );
    case "sending":
      return <StateBadge tone="accent">{t("mail.send.sending")}</StateBadge>;
    case "failed":
      return <StateBadge tone="bad">{t("mail.send.failed")}</StateBadge>;
    default:
      return null;
  }
}

/** Until when it is out of sight; what has come back is a message like others. */
function SnoozeMark({ until }: { readonly until: string }) {
  const { t, locale } = useWords();
  const now = useNow();
  if (!isAhead(until, now)) return null;
  return <StateBadge tone="neutral">{t("mail.until", { when: formatMomentShort(until, locale) })}</StateBadge>;
}

/** Of several, first names do: "Olga, Pavel, you". Of one, the whole name. */
function joined(names: readonly string[]): string {
  if (names.length === 1) return names[0] ?? "";
  return names.slice(0, 4).join(", ");
}

const shortName = (name: string): string => name.trim();

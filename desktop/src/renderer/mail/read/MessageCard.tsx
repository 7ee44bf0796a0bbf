import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconDots, IconLock, IconShieldCheck } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import type { ReplicaMessage } from "#contract";
import type { MailAddress, MailSettingsDoc } from "@kontor/shared/mail";
import { useNow } from "../../access/useNow.ts";
import { useReplica, useWatched } from "../../replica/index.ts";
import { Avatar, StateBadge, Time } from "../../ui/index.ts";
import { useWords, type WordKey } from "../../words/index.ts";
import { askMail } from "../mail.requests.ts";
import type { Addresses } from "../useAddresses.ts";
import { AttachmentTiles } from "./AttachmentTiles.tsx";
import { Deliveries } from "./Deliveries.tsx";
import { MessageBody } from "./MessageBody.tsx";
import { RecordCards } from "./RecordCards.tsx";
import { useOpenLink } from "./useOpenLink.ts";
import classes from "./read.module.css";

export interface MessageCardProps {
  readonly message: ReplicaMessage;
  readonly settings: MailSettingsDoc;
  readonly addresses: Addresses;
  readonly isOpen: boolean;
  readonly toggle: () => void;
  readonly menu: ReactNode;
}

/** One message of a conversation: folded to a line, or with all that it says. */
export function MessageCard(props: MessageCardProps) {
  const { addresses, isOpen, message, toggle } = props;
  const { t } = useWords();
  const sender = message.from[0];
  const name = sender ? addresses.nameOf(sender) : t("mail.unknownSender");
  if (!isOpen)
    return (
      <article className={classes.card} data-folded data-unread={!message.seen || undefined} aria-label={name}>
        <button type="button" className={classes.folded} aria-expanded={false} onClick={toggle}>
          <Avatar id={sender?.address ?? ""} name={name} size={22} />
          <b>{name}</b>
          <span>{message.snippet}</span>
          <Time at={message.receivedAt} />
        </button>
      </article>
    );
  return (
    <article className={classes.card} aria-label={name}>
      <CardHead {...props} name={name} />
      <Warnings message={message} />
      <Body message={message} settings={props.settings} />
      <RecordCards cards={message.cards} />
      <AttachmentTiles message={message} />
      <Deliveries message={message} addresses={addresses} />
    </article>
  );
}

/** Each card watches its own text: one that is opened leaves the others as they are. */
function Body({ message, settings }: Pick<MessageCardProps, "message" | "settings">) {
  const bodies = useWatched("mail.bodies", { ids: [message.id] });
  return bodies && <MessageBody message={message} body={bodies[0]} settings={settings} />;
}

function CardHead(props: MessageCardProps & { readonly name: string }) {
  const { addresses, menu, message, name, toggle } = props;
  const { t } = useWords();
  const sender = message.from[0];
  const person = sender && addresses.personOf(sender.address);
  return (
    <header className={classes.cardHead}>
      <Avatar id={person?.id ?? sender?.address ?? ""} name={name} size={26} />
      <div>
        <div className={classes.cardFrom}>
          <button type="button" className={classes.cardName} aria-expanded onClick={toggle}>
            {name}
          </button>
          {/* Names are chosen by whoever writes; the address is where it came from. */}
          {sender && name !== sender.address && <span className={classes.cardAddress}>{sender.address}</span>}
          {message.authenticity.internal ? (
            <StateBadge tone="good">{t("mail.internal")}</StateBadge>
          ) : (
            <StateBadge tone="neutral">{t("mail.external")}</StateBadge>
          )}
          {message.importance === "high" && <StateBadge tone="bad">{t("mail.important")}</StateBadge>}
          {message.sealed && (
            <Tooltip label={t(message.sealed === "signed" ? "mail.signed.text" : "mail.encrypted.text")}>
              <span className={classes.sealed}>
                {message.sealed === "signed" ? <IconShieldCheck size={14} /> : <IconLock size={14} />}
                {t(message.sealed === "signed" ? "mail.signed" : "mail.encrypted")}
              </span>
            </Tooltip>
          )}
        </div>
        <p className={classes.cardTo}>
          <People words="mail.to" people={message.to} addresses={addresses} />
          <People words="mail.cc" people={message.cc} addresses={addresses} />
          <People words="mail.bcc" people={message.bcc ?? []} addresses={addresses} />
        </p>
      </div>
      <div className={classes.cardRight}>
        <Time at={message.receivedAt} withClock />
        <Menu position="bottom-end" width={230} keepMounted={false}>
          <Menu.Target>
            <ActionIcon aria-label={t("mail.more")}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>{menu}</Menu.Dropdown>
        </Menu>
      </div>
    </header>
  );
}

const SHOWN_PEOPLE = 6;

/** To, Cc and Bcc each for themselves; who is outside is said beside the address. */
function People(props: {
  readonly words: WordKey;
  readonly people: readonly MailAddress[];
  readonly addresses: Addresses;
}) {
  const { addresses, people, words } = props;
  const { t } = useWords();
  const [all, setAll] = useState(false);
  if (people.length === 0) return null;
  const shown = all ? people : people.slice(0, SHOWN_PEOPLE);
  return (
    <span className={classes.people}>
      <span>{t(words)}</span>{" "}
      {shown.map((person, index) => {
        const isInternal = addresses.isInternal(person.address);
        return (
          <span key={person.address}>
            {index > 0 && ", "}
            <span className={isInternal ? undefined : classes.outside} title={person.address}>
              {addresses.isMine(person.address) ? t("mail.me") : addresses.nameOf(person)}
            </span>
            {!isInternal && ` (${t("mail.outsider")})`}
          </span>
        );
      })}
      {people.length > shown.length && " "}
      {people.length > shown.length && (
        <button type="button" className={classes.link} onClick={() => setAll(true)}>
          {t("mail.morePeople", { count: people.length - shown.length })}
        </button>
      )}
    </span>
  );
}

/** What is snoozed of a conversation was snoozed together, and comes back together. */
const SNOOZED = { place: { at: "snoozed" }, conversations: true, filter: "all" } as const;

const WARNINGS: Readonly<Record<string, WordKey>> = {
  nameLooksInternal: "mail.warning.nameLooksInternal",
  replyToDiffers: "mail.warning.replyToDiffers",
  dmarcFail: "mail.warning.dmarcFail",
  lookalikeDomain: "mail.warning.lookalikeDomain",
  ownDomainForged: "mail.warning.ownDomainForged",
};

/** Reasons to be careful, before what is written below can be believed. */
function Warnings({ message }: { readonly message: ReplicaMessage }) {
  const { t } = useWords();
  const { call } = useReplica();
  const openLink = useOpenLink();
  const now = useNow();
  const { authenticity, from, list, replyTo } = message;
  const known = authenticity.warnings.flatMap((each) => WARNINGS[each] ?? []);
  const address = from[0]?.address ?? "";
  const unsubscribe = list?.unsubscribe;
  return (
    <>
      {known.length > 0 && (
        <div className={classes.warningBox} role="alert">
          <IconAlertTriangle size={16} aria-hidden />
          <ul>
            {known.map((key) => (
              <li key={key}>{t(key, { address, replyTo: replyTo?.[0]?.address ?? "" })}</li>
            ))}
          </ul>
        </div>
      )}
      {message.draft?.conflictOf !== undefined && <p className={classes.hint}>{t("mail.draft.conflict")}</p>}
      {unsubscribe !== undefined && (
        <p className={classes.listLine}>
          {t("mail.list", { id: list?.id ?? "" })}{" "}
          <button
            type="button"
            className={classes.link}
            onClick={() => {
              if (/^mailto:/i.test(unsubscribe)) openLink(unsubscribe, "");
              else askMail({ ask: "address", address: unsubscribe, shown: t("mail.list.unsubscribe") });
            }}
          >
            {t("mail.list.unsubscribe")}
          </button>
        </p>
      )}
      {message.followUpAt !== undefined && (
        <p className={classes.listLine}>
          {t("mail.followUpAt")} <Time at={message.followUpAt} withClock />{" "}
          <button
            type="button"
            className={classes.link}
            onClick={() => void call("mail.update", { targets: { ids: [message.id] }, change: { followUpAt: null } })}
          >
            {t("mail.followUp.end")}
          </button>
        </p>
      )}
      {message.snoozedUntil !== undefined && Date.parse(message.snoozedUntil) > now && (
        <p className={classes.listLine}>
          {t("mail.snoozedUntil")} <Time at={message.snoozedUntil} withClock />{" "}
          <Button
            size="compact-xs"
            onClick={() =>
              void call("mail.update", {
                targets: { list: SNOOZED, keys: [message.threadId] },
                change: { snoozedUntil: null },
              })
            }
          >
            {t("mail.snooze.end")}
          </Button>
        </p>
      )}
    </>
  );
}

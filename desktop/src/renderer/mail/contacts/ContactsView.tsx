import { ActionIcon, Button, Menu, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconDots, IconMail, IconPencil, IconSearch, IconTrash, IconUsersGroup } from "@tabler/icons-react";
import { useDeferredValue, useRef, useState } from "react";
import type { ReplicaContact } from "#contract";
import { newId } from "@kontor/shared/base";
import type { MailAddress } from "@kontor/shared/mail";
import { textKey } from "@kontor/shared/objects";
import { go, useShortcuts } from "../../app/index.ts";
import { useFailureWords, useReplica, useWatched } from "../../replica/index.ts";
import { Avatar, Chip, complain, Empty, RowList, StateBadge, useRowList } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { askMail } from "../mail.requests.ts";
import { ContactForm } from "./ContactForm.tsx";
import { emptyContact, rawOf } from "./contact.form.ts";
import { useExchange } from "./useExchange.ts";
import classes from "./contacts.module.css";

type Which = "all" | "personal" | "shared" | "groups";
const WHICH = {
  all: "contacts.all",
  personal: "contacts.mine",
  shared: "contacts.shared",
  groups: "contacts.groups",
} as const;

/** People outside and groups: one's own, and those that everybody in the office shares. */
export function ContactsView({ id }: { readonly id?: string | undefined }) {
  const { t } = useWords();
  const all = useWatched("mail.contacts", {});
  const [which, setWhich] = useState<Which>("all");
  const [text, setText] = useState("");
  const [edited, setEdited] = useState<{ readonly id: string; readonly isGroup?: boolean }>();
  const needle = textKey(useDeferredValue(text));
  const box = useRef<HTMLInputElement>(null);
  const exchange = useExchange();
  useShortcuts({
    searchInView: () => box.current?.focus(),
    new: () => setEdited({ id: newId(), isGroup: false }),
  });

  const found = (all ?? []).filter((contact) => isOf(contact, which) && says(contact, needle));
  const chosen = all?.find((contact) => contact.id === id);
  return (
    <>
      <div className={classes.list} data-region="list">
        <div className={classes.top}>
          <h2>{t("contacts.title")}</h2>
          <Button variant="filled" onClick={() => setEdited({ id: newId(), isGroup: false })}>
            {t("contacts.new")}
          </Button>
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon aria-label={t("contacts.more")}>
                <IconDots size={16} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => setEdited({ id: newId(), isGroup: true })}>{t("contacts.newGroup")}</Menu.Item>
              <Menu.Divider />
              <Menu.Item onClick={() => exchange.importFile("personal")}>{t("contacts.import")}</Menu.Item>
              <Menu.Item onClick={() => void exchange.exportFile()}>{t("contacts.export")}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
        <div className={classes.search}>
          <TextInput
            ref={box}
            size="xs"
            aria-label={t("contacts.search")}
            placeholder={t("contacts.search")}
            leftSection={<IconSearch size={14} />}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </div>
        <div className={classes.filters}>
          {(Object.keys(WHICH) as Which[]).map((each) => (
            <Chip key={each} on={which === each} onClick={() => setWhich(each)}>
              {t(WHICH[each])}
            </Chip>
          ))}
        </div>
        {found.length === 0 && all ? (
          <Empty title={t(all.length === 0 ? "contacts.none" : "contacts.notFound")} />
        ) : (
          <Rows contacts={found} selected={id} />
        )}
      </div>
      <section className={classes.card} data-region="contact" aria-label={chosen?.name}>
        {edited ? (
          <ContactForm
            key={edited.id}
            id={edited.id}
            start={chosen && edited.isGroup === undefined ? rawOf(chosen) : emptyContact(edited.isGroup ?? false)}
            close={(saved) => {
              setEdited(undefined);
              if (saved) go({ at: "contacts", id: edited.id });
            }}
          />
        ) : chosen ? (
          <Contact contact={chosen} edit={() => setEdited({ id: chosen.id })} />
        ) : (
          <Empty title={t("contacts.choose")} />
        )}
      </section>
    </>
  );
}

const isOf = ({ kind, members }: ReplicaContact, which: Which): boolean =>
  which === "all" || (which === "groups" ? members !== undefined : kind === which);

const says = ({ emails, members, name, organisation, phones }: ReplicaContact, needle: string): boolean =>
  needle === "" ||
  [
    name,
    organisation,
    ...(emails ?? []).map(({ address }) => address),
    ...(phones ?? []).map(({ number }) => number),
    ...(members ?? []).map(({ address }) => address),
  ].some((part) => part !== undefined && textKey(part).includes(needle));

function Rows({
  contacts,
  selected,
}: {
  readonly contacts: readonly ReplicaContact[];
  readonly selected: string | undefined;
}) {
  const { t } = useWords();
  const byId = new Map(contacts.map((contact) => [contact.id, contact]));
  const list = useRowList({ ids: [...byId.keys()], selected, open: (id) => go({ at: "contacts", id }) });
  useShortcuts({ nextRow: () => list.step(1), previousRow: () => list.step(-1) });
  return (
    <RowList list={list} name="contact" label={t("contacts.title")}>
      {(id) => {
        const { emails, members, name, organisation } = byId.get(id) ?? {};
        return (
          <>
            {members ? (
              <IconUsersGroup size={28} stroke={1.4} aria-hidden />
            ) : (
              <Avatar id={id} name={name ?? ""} size={30} />
            )}
            <div>
              <b>{name}</b>
              <small>
                {members
                  ? t("contacts.members", { count: members.length })
                  : [organisation, emails?.[0]?.address].filter(Boolean).join(" · ")}
              </small>
            </div>
          </>
        );
      }}
    </RowList>
  );
}

function Contact({ contact, edit }: { readonly contact: ReplicaContact; readonly edit: () => void }) {
  const { t } = useWords();
  const failureWords = useFailureWords();
  const { call } = useReplica();
  const { emails = [], id, kind, members, name, note, organisation, pending, phones = [], title } = contact;
  const write = (to: readonly MailAddress[]) => askMail({ ask: "compose", to });
  const everybody = members ?? emails.slice(0, 1).map(({ address }) => ({ address, name: name ?? "" }));

  async function remove(): Promise<void> {
    const raw = { ...contact };
    try {
      await call("contact.delete", { id });
    } catch (error) {
      return complain(failureWords(error));
    }
    const noticeId = `contact-${id}`;
    notifications.show({
      id: noticeId,
      title: t("contacts.deleted", { name: name ?? "" }),
      message: (
        <Button
          onClick={() => {
            notifications.hide(noticeId);
            const { id: _id, pending: _pending, updatedAt: _at, ...kept } = raw;
            // A row that was deleted is gone for good; this is another one that says the same.
            void call("contact.save", { id: newId(), contact: kept as never });
          }}
        >
          {t("app.undo")}
        </Button>
      ),
    });
    go({ at: "contacts" });
  }

  return (
    <>
      <header className={classes.who}>
        {members ? (
          <IconUsersGroup size={44} stroke={1.2} aria-hidden />
        ) : (
          <Avatar id={id} name={name ?? ""} size={48} />
        )}
        <div>
          <h1>{name}</h1>
          <small>{[title, organisation].filter(Boolean).join(" · ")}</small>
        </div>
        {kind === "shared" && <StateBadge tone="neutral">{t("contacts.isShared")}</StateBadge>}
        {pending > 0 && <StateBadge tone="warn">{t("contacts.waiting")}</StateBadge>}
        <span className={classes.push} />
        {everybody.length > 0 && (
          <Button variant="filled" leftSection={<IconMail size={15} />} onClick={() => write(everybody)}>
            {t("contacts.write")}
          </Button>
        )}
        <Button leftSection={<IconPencil size={15} />} onClick={edit}>
          {t("contacts.edit")}
        </Button>
        <ActionIcon variant="default" aria-label={t("contacts.delete")} onClick={() => void remove()}>
          <IconTrash size={15} />
        </ActionIcon>
      </header>
      <dl className={classes.facts}>
        {emails.map(({ address, label }) => (
          <div key={address}>
            <dt>{label ?? t("contacts.email")}</dt>
            <dd>
              <button type="button" onClick={() => write([{ address, name: name ?? "" }])}>
                {address}
              </button>
            </dd>
          </div>
        ))}
        {phones.map(({ label, number }) => (
          <div key={number}>
            <dt>{label ?? t("contacts.phone")}</dt>
            <dd>
              <button type="button" onClick={() => void window.kontor.copyText(number)} title={t("contacts.copy")}>
                {number}
              </button>
            </dd>
          </div>
        ))}
        {(members ?? []).map((member) => (
          <div key={member.address}>
            <dt>{member.name ?? ""}</dt>
            <dd>
              <button type="button" onClick={() => write([member])}>
                {member.address}
              </button>
            </dd>
          </div>
        ))}
        {note && (
          <div>
            <dt>{t("contacts.note")}</dt>
            <dd className={classes.noteText}>{note}</dd>
          </div>
        )}
      </dl>
    </>
  );
}

import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useServices } from "../../services/services.api.ts";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { SecretOnce } from "../../ui/SecretOnce.tsx";
import { useWords, type WordKey } from "../../words/words.ts";
import { useMailOffice } from "../mailboxes/useMailOffice.ts";
import { StateMark, type Tone } from "../StateMark.tsx";
import { WebhookDrawer } from "./WebhookDrawer.tsx";
import { WebhookForm } from "./WebhookForm.tsx";
import { useWebhooks, type Webhook } from "./webhooks.api.ts";

const stateOf = ({ state, offReason, failingSince }: Webhook): { readonly tone: Tone; readonly key: WordKey } => {
  if (offReason !== null) return { tone: "bad", key: `mail.hooks.state.${offReason}` };
  if (state === "off") return { tone: "quiet", key: "mail.hooks.state.off" };
  return failingSince === null
    ? { tone: "good", key: "mail.hooks.state.on" }
    : { tone: "warn", key: "mail.hooks.state.troubled" };
};

/** Programs that are told of what happens in mailboxes: whose they are and how they are doing, never what they are told. */
export function WebhooksPage() {
  const { t, number, time } = useWords();
  const hooks = useWebhooks();
  const [open, setOpen] = useState<string | "new">();
  const [secret, setSecret] = useState<string>();
  const hook = hooks.data?.find(({ id }) => id === open);

  const columns: readonly Column<Webhook>[] = [
    { key: "host", title: t("mail.hooks.host"), text: ({ host }) => host },
    {
      key: "mailbox",
      title: t("mail.hooks.mailbox"),
      text: ({ mailbox, owner }) => `${mailbox} ${owner}`,
      show: ({ mailbox, owner }) => (
        <>
          {mailbox}
          <div className="quiet">{t("mail.hooks.by", { name: owner })}</div>
        </>
      ),
    },
    {
      key: "events",
      title: t("mail.hooks.events"),
      text: ({ events }) => events.map((name) => t(`mail.hooks.event.${name}` as WordKey)).join(", "),
    },
    {
      key: "state",
      title: t("mail.box.state"),
      text: (row) => t(stateOf(row).key),
      show: (row) => (
        <>
          <StateMark tone={stateOf(row).tone}>{t(stateOf(row).key)}</StateMark>
          {row.failingSince !== null && (
            <div className="quiet">{t("mail.hooks.failingSince", { when: time(row.failingSince) })}</div>
          )}
        </>
      ),
    },
    { key: "waiting", title: t("mail.hooks.waiting"), text: ({ waiting }) => number(waiting) },
    { key: "delivered", title: t("mail.hooks.delivered"), text: ({ deliveredAt }) => time(deliveredAt) },
  ];
  return (
    <>
      <div className="page-head">
        <h1>{t("mail.hooks.title")}</h1>
        <span className="quiet">{t("mail.hooks.lead")}</span>
        <span className="grow" />
        <Button variant="filled" leftSection={<IconPlus size={15} />} onClick={() => setOpen("new")}>
          {t("mail.hooks.add")}
        </Button>
      </div>
      <div className="page-body">
        <section className="panel">
          <Loaded query={hooks}>
            {(rows) => (
              <DataTable
                name="mail-webhooks"
                rows={rows}
                columns={columns}
                idOf={({ id }) => id}
                onOpen={({ id }) => setOpen(id)}
                none={t("mail.hooks.none")}
              />
            )}
          </Loaded>
        </section>
      </div>
      {open === "new" && <NewWebhook onMade={setSecret} onClose={() => setOpen(undefined)} />}
      {hook && <WebhookDrawer key={hook.id} hook={hook} onClose={() => setOpen(undefined)} />}
      {secret !== undefined && (
        <SecretOnce
          title={t("mail.hooks.secret")}
          words={t("mail.hooks.secret.once")}
          secret={secret}
          onClose={() => setSecret(undefined)}
        />
      )}
    </>
  );
}

/** Whom it may be for is asked for when somebody adds one. */
function NewWebhook(props: { readonly onMade: (secret: string) => void; readonly onClose: () => void }) {
  const { mailboxes } = useMailOffice();
  const services = useServices();
  if (!mailboxes.data || !services.data) return undefined;
  return <WebhookForm mailboxes={mailboxes.data} services={services.data} {...props} />;
}

import { Button, Drawer, Table } from "@mantine/core";
import { call } from "../../api/api.ts";
import { Loaded } from "../../ui/Loaded.tsx";
import { useAct } from "../../ui/useAct.ts";
import { useWords, type WordKey } from "../../words/words.ts";
import { StateMark, type Tone } from "../StateMark.tsx";
import { useWebhookEvents, type Webhook, type WebhookEvent } from "./webhooks.api.ts";

const tones: Readonly<Record<WebhookEvent["state"], Tone>> = {
  waiting: "warn",
  delivered: "good",
  failed: "bad",
  dropped: "quiet",
};

/** One webhook: what became of its events, and what may be done with it. */
export function WebhookDrawer({ hook, onClose }: { readonly hook: Webhook; readonly onClose: () => void }) {
  const { t, time } = useWords();
  const { act, confirm } = useAct();
  const events = useWebhookEvents(hook.id);
  const isOn = hook.state === "on";
  const turn = async () => {
    await call("PATCH", `/admin/mail/webhooks/${hook.id}`, { on: !isOn });
    return t("people.saved");
  };
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={560}
      title={t("mail.hooks.one", { host: hook.host })}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <dl className="audit-facts">
        {(
          [
            [t("mail.hooks.mailbox"), hook.mailbox],
            [t("mail.hooks.owner"), hook.owner],
            [t("mail.hooks.since"), time(hook.createdAt)],
            [t("mail.hooks.delivered"), time(hook.deliveredAt)],
          ] as const
        ).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className="form-actions" style={{ margin: "16px 0" }}>
        <Button
          variant="filled"
          onClick={() =>
            void act(async () => {
              await call("POST", `/admin/mail/webhooks/${hook.id}/test`, {});
              return t("mail.hooks.tested");
            })
          }
        >
          {t("mail.hooks.test")}
        </Button>
        <Button
          onClick={() =>
            isOn
              ? confirm({ title: t("mail.hooks.off"), words: t("mail.hooks.off.ask", { host: hook.host }), run: turn })
              : void act(turn)
          }
        >
          {t(isOn ? "mail.hooks.off" : "mail.hooks.on")}
        </Button>
        <span className="grow" />
        <Button
          color="red"
          onClick={() =>
            confirm({
              title: t("mail.hooks.remove"),
              words: t("mail.hooks.remove.ask", { host: hook.host }),
              run: async () => {
                await call("DELETE", `/admin/mail/webhooks/${hook.id}`);
                onClose();
                return t("mail.hooks.removed");
              },
            })
          }
        >
          {t("mail.hooks.remove")}
        </Button>
      </div>
      <h2 style={{ fontSize: "1rem", margin: "0 0 8px" }}>{t("mail.hooks.history")}</h2>
      <Loaded query={events}>
        {(rows) =>
          rows.length === 0 ? <p className="quiet">{t("mail.hooks.history.none")}</p> : <Events rows={rows} />
        }
      </Loaded>
    </Drawer>
  );
}

function Events({ rows }: { readonly rows: readonly WebhookEvent[] }) {
  const { t, time } = useWords();
  const outcome = ({ reason, status, attempts, nextAt }: WebhookEvent): string =>
    [
      reason === "status" || (reason === null && status !== null)
        ? t("mail.hooks.status", { status: status ?? 0 })
        : reason === null
          ? ""
          : t(`mail.hooks.why.${reason}`),
      attempts > 1 ? t("mail.hooks.attempts", { count: attempts }) : "",
      attempts > 0 && nextAt !== null ? t("mail.hooks.again", { when: time(nextAt) }) : "",
    ]
      .filter((words) => words !== "")
      .join(" ");
  return (
    <Table verticalSpacing={6}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("mail.hooks.event")}</Table.Th>
          <Table.Th>{t("mail.hooks.outcome")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((event) => (
          <Table.Tr key={event.id}>
            <Table.Td>
              {t(`mail.hooks.event.${event.name}` as WordKey)}
              <div className="quiet">{time(event.at)}</div>
            </Table.Td>
            <Table.Td>
              <StateMark tone={tones[event.state]}>{t(`mail.hooks.event.state.${event.state}`)}</StateMark>
              <div className="quiet">{outcome(event)}</div>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

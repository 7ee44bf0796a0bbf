import { ActionIcon, Button, Menu, Modal, Progress, Text } from "@mantine/core";
import { IconDots, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { z } from "zod";
import type { AccountState, MailboxDoc } from "@kontor/shared/mail";
import { useDirectory, useWatched } from "../../replica/index.ts";
import { complain, StateBadge, Time } from "../../ui/index.ts";
import { useWords, type WordKey } from "../../words/index.ts";
import { AccountDialog } from "./AccountDialog.tsx";
import { useAccountRequests } from "./useAccountRequests.ts";
import classes from "./settings.module.css";

/** One's accounts at providers: how each is doing, and what can be done about it. */
export function Accounts() {
  const { t } = useWords();
  const { myId } = useDirectory();
  const boxes = useWatched("mail.boxes", {});
  const [edited, setEdited] = useState<{ readonly mailbox?: MailboxDoc }>();
  const accounts = (boxes?.mailboxes ?? []).filter(({ kind, ownerId }) => kind === "external" && ownerId === myId);
  return (
    <>
      <p className={classes.lead}>{t("accounts.hint")}</p>
      <ul className={classes.accounts}>
        {accounts.map((mailbox) => (
          <AccountLine key={mailbox.id} mailbox={mailbox} edit={() => setEdited({ mailbox })} />
        ))}
      </ul>
      {boxes && accounts.length === 0 && <p className={classes.none}>{t("accounts.none")}</p>}
      <Button leftSection={<IconPlus size={15} />} onClick={() => setEdited({})}>
        {t("accounts.add")}
      </Button>
      {edited && <AccountDialog mailbox={edited.mailbox} close={() => setEdited(undefined)} />}
    </>
  );
}

const STATES = {
  connecting: "accounts.state.connecting",
  syncing: "accounts.state.syncing",
  ready: "accounts.state.ready",
  waiting: "accounts.state.waiting",
  needsSignIn: "accounts.state.needsSignIn",
  failed: "accounts.state.failed",
  off: "accounts.state.off",
} as const satisfies Record<AccountState["state"], WordKey>;

const TONES = {
  connecting: "neutral",
  syncing: "accent",
  ready: "good",
  waiting: "warn",
  needsSignIn: "bad",
  failed: "bad",
  off: "neutral",
} as const satisfies Record<AccountState["state"], string>;

const nothing = z.unknown();

function AccountLine({ mailbox, edit }: { readonly mailbox: MailboxDoc; readonly edit: () => void }) {
  const { t, reason } = useWords();
  const ask = useAccountRequests();
  const [leaving, setLeaving] = useState(false);
  const { account, address, id, name } = mailbox;

  async function act(method: "POST" | "PATCH" | "DELETE", path: string, body?: { off: boolean }): Promise<void> {
    const answer = await ask(method, path, nothing, body);
    if (!answer.ok) complain(answer.words);
  }

  const why = account?.reason === undefined ? undefined : reason(`account.${account.reason}`, account.message ?? "");
  const isOff = account?.state === "off";
  const { progress } = account ?? {};
  return (
    <li>
      <div>
        <b>{name || address}</b>
        {name && <small>{address}</small>}
        {why && <p className={classes.problem}>{why}</p>}
        {account?.message && account.reason !== undefined && <small>{account.message}</small>}
        {account?.retryAt && account.state === "waiting" && (
          <small>
            {t("accounts.retry")} <Time at={account.retryAt} />
          </small>
        )}
        {progress && account?.state === "syncing" && (
          <>
            <Progress
              size="xs"
              mt={6}
              value={progress.total === 0 ? 0 : (progress.done / progress.total) * 100}
              aria-label={t("accounts.filling", progress)}
            />
            <small>{t("accounts.filling", progress)}</small>
          </>
        )}
      </div>
      {account && <StateBadge tone={TONES[account.state]}>{t(STATES[account.state])}</StateBadge>}
      {account?.state === "needsSignIn" && (
        <Button variant="filled" onClick={edit}>
          {t("accounts.signIn")}
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" aria-label={t("accounts.more", { address })}>
            <IconDots size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {!isOff && (
            <Menu.Item onClick={() => void act("POST", `accounts/${id}/look`)}>{t("accounts.look")}</Menu.Item>
          )}
          <Menu.Item onClick={edit}>{t("accounts.edit")}</Menu.Item>
          <Menu.Item onClick={() => void act("PATCH", `accounts/${id}`, { off: !isOff })}>
            {t(isOff ? "accounts.switchOn" : "accounts.switchOff")}
          </Menu.Item>
          <Menu.Item color="red" onClick={() => setLeaving(true)}>
            {t("accounts.remove")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={leaving}
        onClose={() => setLeaving(false)}
        title={t("accounts.remove.title", { address })}
        closeButtonProps={{ "aria-label": t("app.close") }}
      >
        <Text size="sm">{t("accounts.remove.text")}</Text>
        <div className={classes.buttons}>
          <Button data-autofocus onClick={() => setLeaving(false)}>
            {t("app.cancel")}
          </Button>
          <Button
            variant="filled"
            color="red"
            onClick={() => {
              setLeaving(false);
              void act("DELETE", `accounts/${id}`);
            }}
          >
            {t("accounts.remove")}
          </Button>
        </div>
      </Modal>
    </li>
  );
}

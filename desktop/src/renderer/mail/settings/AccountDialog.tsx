import { Anchor, Button, Modal, NativeSelect, NumberInput, PasswordInput, Text, TextInput } from "@mantine/core";
import { IconAlertCircle, IconCircleCheck } from "@tabler/icons-react";
import { useEffect, useState, type FormEvent } from "react";
import { z } from "zod";
import { isMailAddress, type MailboxDoc } from "@kontor/shared/mail";
import { useWords } from "../../words/index.ts";
import {
  accountSchema,
  begunSchema,
  discoveredSchema,
  emptyAccount,
  finishedSchema,
  securities,
  testedSchema,
  withSecurity,
  type AccountRaw,
  type Discovered,
  type ServerAddress,
  type Tested,
} from "./account.requests.ts";
import { useAccountRequests } from "./useAccountRequests.ts";
import classes from "./settings.module.css";

type Step = "address" | "signIn" | "browser";
const nothing = z.unknown();

/** Adds an account, or signs in anew: the address first, the rest is found where it can be. */
export function AccountDialog(props: { readonly mailbox: MailboxDoc | undefined; readonly close: () => void }) {
  const { close, mailbox } = props;
  const { t } = useWords();
  const ask = useAccountRequests();
  const [step, setStep] = useState<Step>("address");
  const [raw, setRaw] = useState<AccountRaw>(emptyAccount);
  const [found, setFound] = useState<Discovered>();
  const [serversShown, setServersShown] = useState(false);
  const [flow, setFlow] = useState<string>();
  const [letters, setLetters] = useState("");
  const [tested, setTested] = useState<Tested>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const set = (part: Partial<AccountRaw>) => {
    setProblem(undefined);
    setTested(undefined);
    setRaw((before) => ({ ...before, ...part }));
  };

  /** One thing at a time; each says itself what went wrong. */
  async function busily(act: () => Promise<void>): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      await act();
    } finally {
      setBusy(false);
    }
  }

  const mailboxId = mailbox?.id;
  useEffect(() => {
    if (mailboxId === undefined) return;
    let gone = false;
    void ask("GET", `accounts/${mailboxId}`, accountSchema).then((answer) => {
      if (gone) return;
      if (!answer.ok) return setProblem(answer.words);
      const { address, imap, name, smtp, userName } = answer.value;
      setRaw({ address, name, userName, imap, smtp, password: "" });
      setStep("signIn");
      void ask("POST", "accounts/discover", discoveredSchema, { address }).then(
        (discovered) => !gone && discovered.ok && setFound(discovered.value.found),
      );
    });
    return () => {
      gone = true;
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once for each account that is opened
  }, [mailboxId]);

  const discover = () =>
    busily(async () => {
      if (!isMailAddress(raw.address.trim())) return setProblem(t("accounts.problem.address"));
      const address = raw.address.trim();
      const answer = await ask("POST", "accounts/discover", discoveredSchema, { address });
      if (!answer.ok) return setProblem(answer.words);
      const { found: discovered } = answer.value;
      setFound(discovered);
      setServersShown(discovered === undefined);
      set({
        address,
        userName: discovered?.userName ?? address,
        ...(discovered && { imap: discovered.imap, smtp: discovered.smtp }),
      });
      setStep("signIn");
    });

  const beginInBrowser = () =>
    busily(async () => {
      const answer = await ask("POST", "oauth", begunSchema, { provider: found?.oauth ?? "" });
      if (!answer.ok) return setProblem(answer.words);
      setFlow(answer.value.flow);
      setStep("browser");
      await window.kontor.openLink(answer.value.url);
    });

  const finishInBrowser = () =>
    busily(async () => {
      const proof = { words: letters.trim().toUpperCase() };
      const answer = await ask("POST", "oauth/finish", finishedSchema, { flow: flow ?? "", proof });
      if (!answer.ok) return setProblem(answer.words);
      const { address = raw.address, imap, smtp } = answer.value;
      const next = { ...raw, userName: address, imap, smtp };
      setRaw(next);
      await keep(next, { flow: flow ?? "" });
    });

  const test = () =>
    busily(async () => {
      const { imap, password, smtp, userName } = raw;
      const body = { imap, smtp, userName, secret: { password } };
      const answer = await ask("POST", "accounts/test", testedSchema, body);
      if (answer.ok) setTested(answer.value);
      else setProblem(answer.words);
    });

  /** The server signs in first: an account that does not work is not made. */
  async function keep(
    account: AccountRaw,
    secret: { readonly password: string } | { readonly flow: string },
  ): Promise<void> {
    const { address, imap, name, smtp, userName } = account;
    const login = { imap, smtp, userName, secret };
    const shownName = name.trim() || address;
    setTested(undefined); // what is said now is newer
    const answer = mailbox
      ? await ask("PATCH", `accounts/${mailbox.id}`, nothing, { name: shownName, login })
      : await ask("POST", "accounts", nothing, { name: shownName, address, ...login });
    if (answer.ok) close();
    else setProblem(answer.words);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (step === "address") void discover();
    else if (step === "browser") void finishInBrowser();
    else void busily(() => keep(raw, { password: raw.password }));
  }

  const byPassword = found?.password !== "none";
  return (
    <Modal
      opened
      onClose={close}
      title={mailbox ? t("accounts.editTitle", { address: mailbox.address }) : t("accounts.add")}
      size={520}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <form className={classes.form} onSubmit={submit} noValidate>
        {step === "address" && !mailbox && (
          <TextInput
            label={t("accounts.address")}
            type="email"
            data-autofocus
            value={raw.address}
            onChange={(event) => set({ address: event.currentTarget.value })}
          />
        )}
        {step === "signIn" && (
          <>
            <TextInput
              label={t("accounts.name")}
              placeholder={raw.address}
              maxLength={200}
              value={raw.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
            {found?.oauth && (
              <Button variant="filled" loading={busy} onClick={() => void beginInBrowser()}>
                {t("accounts.inBrowser")}
              </Button>
            )}
            {!byPassword && !found?.oauth && <Text size="sm">{t("accounts.oauthNeeded")}</Text>}
            {byPassword && (
              <PasswordInput
                label={t(found?.password === "app" ? "accounts.appPassword" : "accounts.password")}
                description={found?.password === "app" ? <AppPasswordHint help={found.help} /> : undefined}
                data-autofocus
                autoFocus
                autoComplete="off"
                value={raw.password}
                visibilityToggleButtonProps={{ "aria-label": t("accounts.showPassword") }}
                onChange={(event) => set({ password: event.currentTarget.value })}
              />
            )}
            {byPassword && !serversShown && (
              <button type="button" className={classes.quiet} onClick={() => setServersShown(true)}>
                {t("accounts.servers", { imap: raw.imap.host, smtp: raw.smtp.host })}
              </button>
            )}
            {byPassword && serversShown && (
              <>
                {!found && <Text size="sm">{t("accounts.notFound")}</Text>}
                <TextInput
                  label={t("accounts.userName")}
                  value={raw.userName}
                  onChange={(event) => set({ userName: event.currentTarget.value })}
                />
                <Server kind="imap" server={raw.imap} onChange={(imap) => set({ imap })} />
                <Server kind="smtp" server={raw.smtp} onChange={(smtp) => set({ smtp })} />
              </>
            )}
            {tested && <Outcomes tested={tested} />}
          </>
        )}
        {step === "browser" && (
          <>
            <Text size="sm">{t("accounts.browser.text")}</Text>
            <TextInput
              label={t("accounts.browser.letters")}
              data-autofocus
              autoFocus
              maxLength={40}
              value={letters}
              onChange={(event) => {
                setProblem(undefined);
                setLetters(event.currentTarget.value);
              }}
            />
          </>
        )}
        {problem && (
          <p className={classes.problem} role="alert">
            {problem}
          </p>
        )}
        <div className={classes.buttons}>
          <Button onClick={close}>{t("app.cancel")}</Button>
          {step === "signIn" && byPassword && (
            <Button disabled={raw.password === ""} loading={busy} onClick={() => void test()}>
              {t("accounts.test")}
            </Button>
          )}
          {(step !== "signIn" || byPassword) && (
            <Button type="submit" variant="filled" loading={busy} disabled={step === "signIn" && raw.password === ""}>
              {t(step === "address" ? "accounts.next" : mailbox ? "accounts.save" : "accounts.addNow")}
            </Button>
          )}
        </div>
      </form>
    </Modal>
  );
}

function AppPasswordHint({ help }: { readonly help: string | undefined }) {
  const { t } = useWords();
  return (
    <>
      {t("accounts.appPassword.hint")}{" "}
      {help !== undefined && (
        <Anchor component="button" type="button" size="xs" onClick={() => void window.kontor.openLink(help)}>
          {t("accounts.appPassword.where")}
        </Anchor>
      )}
    </>
  );
}

function Server(props: {
  readonly kind: "imap" | "smtp";
  readonly server: ServerAddress;
  readonly onChange: (server: ServerAddress) => void;
}) {
  const { t } = useWords();
  const { kind, onChange, server } = props;
  const words = { tls: "accounts.tls", starttls: "accounts.starttls", none: "accounts.noEncryption" } as const;
  return (
    <div className={classes.server}>
      <TextInput
        label={t(kind === "imap" ? "accounts.imap" : "accounts.smtp")}
        value={server.host}
        onChange={(event) => onChange({ ...server, host: event.currentTarget.value.trim() })}
      />
      <NumberInput
        label={t("accounts.port")}
        min={1}
        max={65_535}
        allowDecimal={false}
        hideControls
        value={server.port}
        onChange={(port) => onChange({ ...server, port: Number(port) })}
      />
      <NativeSelect
        label={t("accounts.encryption")}
        value={server.security}
        data={securities.map((security) => ({ value: security, label: t(words[security]) }))}
        onChange={(event) =>
          onChange(withSecurity(server, kind, event.currentTarget.value as ServerAddress["security"]))
        }
      />
    </div>
  );
}

function Outcomes({ tested }: { readonly tested: Tested }) {
  const { t, reason } = useWords();
  return (
    <div role="status">
      <ul className={classes.outcomes}>
        {(["imap", "smtp"] as const).map((kind) => {
          const { help, message, ok, reason: why } = tested[kind];
          const name = t(kind === "imap" ? "accounts.imap" : "accounts.smtp");
          return (
            <li key={kind} data-ok={ok || undefined}>
              {ok ? <IconCircleCheck size={16} aria-hidden /> : <IconAlertCircle size={16} aria-hidden />}
              <span>
                {name}: {ok ? t("accounts.works") : reason(`account.${why ?? "internal"}`, message ?? "")}
                {!ok && message && <small>{message}</small>}
                {help && (
                  <Anchor component="button" type="button" size="xs" onClick={() => void window.kontor.openLink(help)}>
                    {t("accounts.appPassword.where")}
                  </Anchor>
                )}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

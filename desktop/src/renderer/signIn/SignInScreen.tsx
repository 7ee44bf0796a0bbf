import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useWords } from "../words/index.ts";
import { Frame, Problem } from "./Frame.tsx";
import { useSignIn } from "./useSignIn.ts";
import classes from "./signIn.module.css";

interface Server {
  readonly url: string;
  readonly name: string;
}

/** The server is asked for once and checked before anybody types a password into the wrong place. */
export function SignInScreen(props: {
  readonly lastServer?: Server | undefined;
  readonly lastLogin?: string | undefined;
  readonly deviceRevoked?: boolean;
}) {
  const { t } = useWords();
  const [server, setServer] = useState<Server | undefined>(props.lastServer);
  const [address, setAddress] = useState(props.lastServer?.url ?? "");
  return (
    <Frame>
      <Stack gap="md">
        {props.deviceRevoked && <Problem>{t("signIn.deviceRevoked")}</Problem>}
        {server ? (
          <PasswordStep server={server} lastLogin={props.lastLogin} change={() => setServer(undefined)} />
        ) : (
          <ServerStep address={address} setAddress={setAddress} found={setServer} />
        )}
      </Stack>
    </Frame>
  );
}

function ServerStep(props: {
  readonly address: string;
  readonly setAddress: (address: string) => void;
  readonly found: (server: Server) => void;
}) {
  const { t, reason } = useWords();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function check(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    const answer = await window.kontor.checkServer(props.address);
    setBusy(false);
    if (answer.ok) props.found({ url: answer.url, name: answer.name });
    else setProblem(reason(answer.reason, answer.message));
  }

  return (
    <form onSubmit={(event) => void check(event)}>
      <Stack gap="md">
        <TextInput
          label={t("signIn.server")}
          description={t("signIn.serverHint")}
          value={props.address}
          onChange={(event) => {
            props.setAddress(event.currentTarget.value);
            setProblem(undefined);
          }}
          autoFocus
          required
          withAsterisk={false}
          spellCheck={false}
          autoCapitalize="none"
          inputMode="url"
        />
        {problem && <Problem>{problem}</Problem>}
        <Button type="submit" variant="filled" loading={busy} fullWidth h={34}>
          {t("signIn.next")}
        </Button>
      </Stack>
    </form>
  );
}

function PasswordStep(props: {
  readonly server: Server;
  readonly lastLogin?: string | undefined;
  readonly change: () => void;
}) {
  const { t } = useWords();
  const [login, setLogin] = useState(props.lastLogin ?? "");
  const [password, setPassword] = useState("");
  const { signIn, busy, problem, waiting, clear } = useSignIn();

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!(await signIn({ url: props.server.url, login, password }))) setPassword("");
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        <div className={classes.server}>
          <span>
            {props.server.name}
            <small>{props.server.url}</small>
          </span>
          <Button variant="subtle" onClick={props.change}>
            {t("signIn.otherServer")}
          </Button>
        </div>
        <TextInput
          label={t("signIn.login")}
          value={login}
          onChange={(event) => {
            setLogin(event.currentTarget.value);
            clear();
          }}
          autoFocus={!props.lastLogin}
          required
          withAsterisk={false}
          autoComplete="username"
          spellCheck={false}
          autoCapitalize="none"
        />
        <PasswordInput
          label={t("signIn.password")}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoFocus={Boolean(props.lastLogin)}
          required
          withAsterisk={false}
          autoComplete="current-password"
        />
        {problem && <Problem>{problem}</Problem>}
        <Button type="submit" variant="filled" loading={busy} disabled={waiting} fullWidth h={34}>
          {t("signIn.submit")}
        </Button>
      </Stack>
    </form>
  );
}

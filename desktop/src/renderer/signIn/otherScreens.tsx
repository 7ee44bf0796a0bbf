import { Anchor, Button, PasswordInput, Stack, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useState, type FormEvent } from "react";
import { useReplica, type ReplicaProblem } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import { Frame, Problem } from "./Frame.tsx";
import { SignInAgain } from "./SignInAgain.tsx";

/** The lease ended without a word from the server (VIS-6). */
export function LockedScreen() {
  const { t } = useWords();
  const { status } = useReplica();
  return (
    <Frame>
      <Stack gap="md">
        <h1>{t("signIn.lockedTitle")}</h1>
        <Text size="sm">
          {t(status.problem?.reason === "link.accountOff" ? "signIn.disabled" : "signIn.lockedText")}
        </Text>
        <SignInAgain who={status} done={() => undefined} />
      </Stack>
    </Frame>
  );
}

export function PassphraseScreen({ first }: { readonly first: boolean }) {
  const { t, reason } = useWords();
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function unlock(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (first && passphrase !== again) return setProblem(t("signIn.passphraseDiffer"));
    setBusy(true);
    const answer = await window.kontor.unlock({ passphrase });
    setBusy(false);
    if (!answer.ok) setProblem(reason(answer.reason, answer.message));
  }

  const forget = () =>
    modals.openConfirmModal({
      title: t("signIn.forgotten"),
      children: <Text size="sm">{t("signIn.forgottenText")}</Text>,
      labels: { confirm: t("signIn.forgottenConfirm"), cancel: t("app.cancel") },
      confirmProps: { color: "red", variant: "filled" },
      onConfirm: () => void window.kontor.signOut({ erase: true }),
    });

  return (
    <Frame>
      <form onSubmit={(event) => void unlock(event)}>
        <Stack gap="md">
          <div>
            <h1>{t(first ? "signIn.passphraseFirstTitle" : "signIn.passphraseTitle")}</h1>
            <Text size="sm" c="dimmed">
              {t(first ? "signIn.passphraseFirstText" : "signIn.passphraseText")}
            </Text>
          </div>
          <PasswordInput
            label={t("signIn.passphrase")}
            value={passphrase}
            onChange={(event) => {
              setPassphrase(event.currentTarget.value);
              setProblem(undefined);
            }}
            autoFocus
            required
            withAsterisk={false}
            autoComplete="off"
          />
          {first && (
            <PasswordInput
              label={t("signIn.passphraseAgain")}
              value={again}
              onChange={(event) => setAgain(event.currentTarget.value)}
              required
              withAsterisk={false}
              autoComplete="off"
            />
          )}
          {problem && <Problem>{problem}</Problem>}
          <Button type="submit" variant="filled" loading={busy} fullWidth h={34}>
            {t("signIn.unlock")}
          </Button>
          {!first && (
            <Anchor component="button" type="button" size="sm" onClick={forget}>
              {t("signIn.forgotten")}
            </Anchor>
          )}
        </Stack>
      </form>
    </Frame>
  );
}

export function ReplicaFailedScreen({ problem }: { readonly problem: ReplicaProblem }) {
  const { t, reason } = useWords();
  return (
    <Frame>
      <Stack gap="md">
        <Problem>{reason(problem.reason, problem.message)}</Problem>
        <Button onClick={() => void window.kontor.copyText(`${problem.reason}: ${problem.message}`)}>
          {t("app.failure.copy")}
        </Button>
        <Button onClick={() => void window.kontor.signOut({ erase: false })}>{t("signIn.startAgain")}</Button>
      </Stack>
    </Frame>
  );
}

import { Button, PasswordInput, Stack, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useState, type FormEvent } from "react";
import type { ReplicaStatus } from "#contract";
import { useWords, type Words } from "../words/index.ts";
import { Problem } from "./Frame.tsx";
import { useSignIn } from "./useSignIn.ts";

type Who = Pick<ReplicaStatus, "user" | "server">;
const MODAL = "sign-in-again";

export function askSignInAgain(t: Words["t"], who: Who): void {
  modals.open({
    modalId: MODAL,
    title: t("signIn.again"),
    children: (
      <Stack gap="md">
        <Text size="sm">{t("signIn.againText")}</Text>
        <SignInAgain who={who} done={() => modals.close(MODAL)} />
      </Stack>
    ),
  });
}

/** The same person at the same server: only the password is asked. */
export function SignInAgain({ who, done }: { readonly who: Who; readonly done: () => void }) {
  const { t } = useWords();
  const [password, setPassword] = useState("");
  const { signIn, busy, problem, waiting } = useSignIn();

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (await signIn({ url: who.server.url, login: who.user.login, password })) done();
    else setPassword("");
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        <PasswordInput
          label={`${t("signIn.password")} · ${who.user.login}`}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          data-autofocus
          required
          withAsterisk={false}
          autoComplete="current-password"
        />
        {problem && <Problem>{problem}</Problem>}
        <Button type="submit" variant="filled" loading={busy} disabled={waiting}>
          {t("signIn.submit")}
        </Button>
      </Stack>
    </form>
  );
}

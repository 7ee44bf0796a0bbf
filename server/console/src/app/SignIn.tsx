import { Alert, Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../api/api.ts";
import { ProblemAlert } from "../ui/Loaded.tsx";
import { useWords } from "../words/words.ts";

export function SignIn({ notAdmin = false }: { notAdmin?: boolean }) {
  const { t } = useWords();
  const client = useQueryClient();
  const form = useForm({ mode: "uncontrolled", initialValues: { login: "", password: "" } });
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);

  async function signIn(values: { login: string; password: string }) {
    setBusy(true);
    setError(undefined);
    try {
      await call("POST", "/console/sign-in", values);
      await client.resetQueries({ queryKey: ["me"] });
    } catch (problem) {
      setError(problem as Error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <main style={{ display: "grid", placeItems: "center", height: "100%" }}>
      <form
        className="panel"
        style={{ width: 340, display: "grid", gap: 12, padding: 22 }}
        onSubmit={form.onSubmit(signIn)}
      >
        <div>
          <h1 className="brand" style={{ margin: 0, fontSize: 18 }}>
            <b>K</b>ontor <span>{t("app.console")}</span>
          </h1>
          <p className="quiet" style={{ margin: "4px 0 0" }}>
            {t("signIn.lead")}
          </p>
        </div>
        {notAdmin && <Alert color="yellow">{t("signIn.notAdmin")}</Alert>}
        {error && <ProblemAlert error={error} />}
        <TextInput
          label={t("signIn.login")}
          autoComplete="username"
          autoFocus
          required
          withAsterisk={false}
          {...form.getInputProps("login")}
          key={form.key("login")}
        />
        <PasswordInput
          label={t("signIn.password")}
          autoComplete="current-password"
          required
          withAsterisk={false}
          {...form.getInputProps("password")}
          key={form.key("password")}
        />
        <Button type="submit" variant="filled" loading={busy}>
          {t("signIn.submit")}
        </Button>
      </form>
    </main>
  );
}

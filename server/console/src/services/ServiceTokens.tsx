import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { call, Problem } from "../api/api.ts";
import { ProblemAlert } from "../ui/Loaded.tsx";
import { SecretOnce } from "../ui/SecretOnce.tsx";
import { useAct } from "../ui/useAct.ts";
import { useWords } from "../words/words.ts";
import { tokenScopes, type Service, type ServiceToken, type TokenScope } from "./services.api.ts";
import { TokenState } from "./TokenState.tsx";

const DAY_MS = 86_400_000;
const LIFETIMES_DAYS = [90, 180, 365, 730];

const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();

/** A service's tokens; two of them while the other system is given the next one. */
export function ServiceTokens({ service }: { readonly service: Service }) {
  const { t } = useWords();
  return (
    <section style={{ marginTop: 20, paddingTop: 14, borderTop: "1px solid var(--line)" }}>
      <h2 style={{ fontSize: "1rem", margin: "0 0 8px" }}>{t("services.tokens")}</h2>
      {service.tokens.length === 0 && <p className="quiet">{t("services.tokens.none")}</p>}
      <ul style={{ listStyle: "none", padding: 0, margin: 0, display: "grid", gap: 8 }}>
        {service.tokens.map((token) => (
          <TokenRow key={token.id} token={token} />
        ))}
      </ul>
      <TokenForm service={service} />
    </section>
  );
}

function TokenRow({ token }: { readonly token: ServiceToken }) {
  const { t, time } = useWords();
  const { confirm } = useAct();
  return (
    <li style={{ display: "flex", gap: 10, alignItems: "center" }}>
      <div style={{ flex: 1, minWidth: 0 }}>
        <div style={{ display: "flex", gap: 8, alignItems: "center" }}>
          <b style={{ fontWeight: 560, overflowWrap: "anywhere" }}>{token.name}</b> <TokenState state={token.state} />
        </div>
        <div className="quiet">
          {token.scopes.map((scope) => t(`services.token.scope.${scope}`)).join(", ")} ·{" "}
          {t("services.token.until", { when: time(token.expiresAt) })} · {t("services.lastUsed")}:{" "}
          {time(token.lastUsedAt)}
        </div>
      </div>
      <Button
        size="compact-xs"
        aria-label={`${t("services.token.withdraw")}: ${token.name}`}
        onClick={() =>
          confirm({
            title: t("services.token.withdraw"),
            words: t("services.token.withdraw.ask", { name: token.name }),
            run: async () => {
              await call("DELETE", `/admin/services/tokens/${token.id}`);
              return t("services.token.withdrawn");
            },
          })
        }
      >
        {t("services.token.withdraw")}
      </Button>
    </li>
  );
}

function TokenForm({ service }: { readonly service: Service }) {
  const { t, reason } = useWords();
  const { act } = useAct();
  const [error, setError] = useState<Error>();
  const [made, setMade] = useState<{ readonly name: string; readonly token: string }>();
  const form = useForm({
    initialValues: { name: "", scopes: ["evaluate"] as TokenScope[], days: "365" },
  });

  async function make({ name, scopes, days }: typeof form.values) {
    setError(undefined);
    try {
      const body = { name, scopes, expiresAt: inDays(Number(days)) };
      setMade({ name, ...(await call<{ token: string }>("POST", `/admin/services/${service.id}/tokens`, body)) });
      form.reset();
      await act(async () => undefined);
    } catch (problem) {
      setError(problem as Error);
      if (problem instanceof Problem)
        form.setErrors(Object.fromEntries(problem.problems.map((one) => [one.field, reason(one.reason, one.message)])));
    }
  }

  return (
    <>
      <form onSubmit={form.onSubmit(make)} style={{ display: "grid", gap: 10, marginTop: 14 }}>
        {error && <ProblemAlert error={error} />}
        <TextInput label={t("services.token.name")} required maxLength={120} {...form.getInputProps("name")} />
        <Checkbox.Group label={t("services.token.scopes")} {...form.getInputProps("scopes")}>
          <div style={{ display: "flex", flexWrap: "wrap", gap: 14, marginTop: 6 }}>
            {tokenScopes.map((scope) => (
              <Checkbox key={scope} value={scope} label={t(`services.token.scope.${scope}`)} />
            ))}
          </div>
        </Checkbox.Group>
        <Select
          label={t("services.token.days")}
          data={LIFETIMES_DAYS.map((count) => ({
            value: String(count),
            label: t("services.token.days.count", { count }),
          }))}
          allowDeselect={false}
          {...form.getInputProps("days")}
        />
        <div>
          <Button type="submit" disabled={form.values.scopes.length === 0}>
            {t("services.token.add")}
          </Button>
        </div>
      </form>
      {made && (
        <SecretOnce
          title={t("services.token.made", { name: made.name })}
          words={t("services.token.once")}
          secret={made.token}
          onClose={() => setMade(undefined)}
        />
      )}
    </>
  );
}

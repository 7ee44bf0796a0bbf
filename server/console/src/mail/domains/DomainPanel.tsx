import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import { call } from "../../api/api.ts";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import type { MailDomain } from "../mail.api.ts";
import { StateMark } from "../StateMark.tsx";
import { DomainKeys } from "./DomainKeys.tsx";
import { FindingRow } from "./FindingRow.tsx";

export function DomainPanel({ domain }: { readonly domain: MailDomain }) {
  const { t, time } = useWords();
  const { act, confirm } = useAct();
  const [checking, setChecking] = useState(false);
  const { name, findings, checkedAt, addresses } = domain;
  const todo = findings.filter(({ state }) => state === "missing" || state === "poor").length;

  async function check() {
    setChecking(true);
    await act(async () => {
      await call("POST", `/admin/mail/domains/${encodeURIComponent(name)}/check`);
      return undefined;
    });
    setChecking(false);
  }

  return (
    <section className="panel" aria-labelledby={`domain-${name}`}>
      <div style={{ display: "flex", gap: 10, alignItems: "center", flexWrap: "wrap" }}>
        <h2 id={`domain-${name}`} style={{ margin: 0 }}>
          {name}
        </h2>
        {checkedAt === null ? (
          <StateMark tone="quiet">{t("mail.domains.unchecked")}</StateMark>
        ) : todo === 0 ? (
          <StateMark tone="good">{t("mail.domains.fine")}</StateMark>
        ) : (
          <StateMark tone="warn">{t("mail.domains.todo", { count: todo })}</StateMark>
        )}
        <span className="quiet">{t("mail.domains.addresses", { count: addresses })}</span>
        <span className="grow" />
        <span className="quiet">{checkedAt !== null && t("mail.domains.checked", { when: time(checkedAt) })}</span>
        <Button leftSection={<IconRefresh size={15} />} loading={checking} onClick={() => void check()}>
          {t("mail.domains.check")}
        </Button>
        {addresses === 0 && (
          <Button
            color="red"
            onClick={() =>
              confirm({
                title: t("mail.domains.remove"),
                words: t("mail.domains.remove.ask", { name }),
                run: async () => {
                  await call("DELETE", `/admin/mail/domains/${encodeURIComponent(name)}`);
                  return t("mail.domains.removed", { name });
                },
              })
            }
          >
            {t("mail.domains.remove")}
          </Button>
        )}
      </div>
      {findings.length > 0 && (
        <ul style={{ listStyle: "none", padding: 0, margin: "14px 0 0", display: "grid", gap: 0 }}>
          {findings.map((finding) => (
            <FindingRow
              key={`${finding.what}${finding.selector ?? finding.wanted?.name ?? finding.found[0] ?? ""}`}
              finding={finding}
            />
          ))}
        </ul>
      )}
      <DomainKeys domain={domain} />
    </section>
  );
}

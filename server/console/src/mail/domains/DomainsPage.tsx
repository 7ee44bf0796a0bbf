import { Button, Modal, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call, Problem } from "../../api/api.ts";
import { Loaded, ProblemAlert } from "../../ui/Loaded.tsx";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import type { MailDomain } from "../mail.api.ts";
import { DomainPanel } from "./DomainPanel.tsx";

/** The domains whose mail this server is for, and what their DNS must say. */
export function DomainsPage() {
  const { t } = useWords();
  const [adding, setAdding] = useState(false);
  const domains = useQuery({
    queryKey: ["mail-domains"],
    queryFn: () => call<readonly MailDomain[]>("GET", "/admin/mail/domains"),
  });
  return (
    <>
      <div className="page-head">
        <h1>{t("mail.domains.title")}</h1>
        <span className="quiet">{t("mail.domains.lead")}</span>
        <span className="grow" />
        <Button variant="filled" leftSection={<IconPlus size={15} />} onClick={() => setAdding(true)}>
          {t("mail.domains.add")}
        </Button>
      </div>
      <div className="page-body">
        <Loaded query={domains}>
          {(rows) =>
            rows.length === 0 ? (
              <p className="quiet">{t("mail.domains.none")}</p>
            ) : (
              rows.map((domain) => <DomainPanel key={domain.name} domain={domain} />)
            )
          }
        </Loaded>
      </div>
      {adding && <AddDomain onClose={() => setAdding(false)} />}
    </>
  );
}

function AddDomain({ onClose }: { readonly onClose: () => void }) {
  const { t, reason } = useWords();
  const { act } = useAct();
  const [name, setName] = useState("");
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const problem = error instanceof Problem ? error.problems.find(({ field }) => field === "name") : undefined;

  async function add() {
    setBusy(true);
    setError(undefined);
    try {
      await call("POST", "/admin/mail/domains", { name });
      await act(async () => t("mail.domains.added", { name }));
      onClose();
    } catch (caught) {
      setError(caught as Error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Modal opened onClose={onClose} title={t("mail.domains.add")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
        style={{ display: "grid", gap: 12 }}
      >
        {error && !problem && <ProblemAlert error={error} />}
        <TextInput
          label={t("mail.domains.name")}
          placeholder="example.com"
          description={t("mail.domains.name.hint")}
          required
          maxLength={253}
          autoComplete="off"
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problem && reason(problem.reason, problem.message)}
        />
        <div style={{ display: "flex", gap: 8 }}>
          <Button type="submit" variant="filled" loading={busy}>
            {t("mail.domains.add")}
          </Button>
          <Button onClick={onClose}>{t("app.cancel")}</Button>
        </div>
      </form>
    </Modal>
  );
}

import { Button, Select, TextInput } from "@mantine/core";
import { IconDownload, IconSearch } from "@tabler/icons-react";
import { useMemo } from "react";
import { go, usePlace } from "../../app/route.ts";
import { Loaded } from "../../ui/Loaded.tsx";
import { saveCsv } from "../../ui/saveCsv.ts";
import { useWords } from "../../words/words.ts";
import { type PolicySetReply, usePolicySet } from "../access.api.ts";
import { useCatalog, useMeeting } from "../catalog.tsx";
import { Notice } from "../parts/Notice.tsx";
import { accessAddress } from "../routes.ts";
import { DraftsMenu } from "./DraftsMenu.tsx";
import { PolicyList } from "./PolicyList.tsx";
import { filtered, grouped, type PolicyFilter, rowsOf } from "./policyRows.ts";

/** The set in force. */
export function PoliciesPage() {
  const { t, time } = useWords();
  const set = usePolicySet();
  return (
    <div className="page-column">
      <div className="page-head">
        <h1>{t("access.view.policies")}</h1>
        {set.data && (
          <span className="quiet">
            {t("access.policies.inForce", { rev: set.data.rev, when: time(set.data.publishedAt) })}
          </span>
        )}
        <span className="grow" />
        <DraftsMenu />
      </div>
      <div className="page-body">
        <Loaded query={set}>{(data) => <Policies set={data} />}</Loaded>
      </div>
    </div>
  );
}

function Policies({ set }: { set: PolicySetReply }) {
  const { t } = useWords();
  const catalog = useCatalog();
  const { query } = usePlace();
  useMeeting(set.policies);
  const filter: PolicyFilter = {
    search: query.get("search") ?? "",
    type: query.get("type") ?? "",
    effect: query.get("effect") ?? "",
    action: query.get("action") ?? "",
  };
  const { search, type, effect, action } = filter;
  const rows = useMemo(() => rowsOf(set.policies, set.builtIn, set.stale, catalog), [set, catalog]);
  const shown = useMemo(() => filtered(rows, { search, type, effect, action }), [rows, search, type, effect, action]);
  const entries = useMemo(() => grouped(shown, catalog), [shown, catalog]);
  const types = [...new Set(set.policies.map(({ resource }) => resource))];
  const actions = [...new Set(set.policies.flatMap((policy) => policy.actions))].sort();
  const change = (part: Partial<PolicyFilter>) => go(accessAddress.policies({ ...filter, ...part }), { replace: true });
  const select = (name: "type" | "effect" | "action", words: string, data: { value: string; label: string }[]) => (
    <Select
      size="xs"
      w={148}
      clearable
      searchable
      placeholder={words}
      aria-label={words}
      data={data}
      value={filter[name] || null}
      onChange={(value) => change({ [name]: value ?? "" })}
    />
  );

  return (
    <section className="panel list-panel" aria-label={t("access.view.policies")} style={{ height: "100%" }}>
      <div className="toolbar">
        <TextInput
          size="xs"
          w={220}
          leftSection={<IconSearch size={14} />}
          placeholder={t("access.policies.search")}
          aria-label={t("access.policies.search")}
          value={search}
          onChange={(event) => change({ search: event.currentTarget.value })}
        />
        {select(
          "type",
          t("access.form.type"),
          types.map((value) => ({ value, label: catalog.typeWords(value) })),
        )}
        {select(
          "effect",
          t("access.form.effect"),
          (["allow", "deny"] as const).map((value) => ({ value, label: t(`access.effect.${value}`) })),
        )}
        {select(
          "action",
          t("access.explain.action"),
          actions.map((value) => ({ value, label: catalog.actionWords("*", value) })),
        )}
        <span className="quiet" aria-live="polite">
          {t("access.policies.count", { count: shown.length })}
        </span>
        <span className="grow" />
        <Button
          leftSection={<IconDownload size={15} />}
          disabled={shown.length === 0}
          onClick={() =>
            saveCsv("policies", [
              [
                t("access.form.id"),
                t("access.form.title"),
                t("access.form.effect"),
                t("access.form.type"),
                t("access.policies.words"),
              ],
              ...shown.map(({ policy, title, words }) => [policy.id, title, policy.effect, policy.resource, words]),
            ])
          }
        >
          {t("app.export")}
        </Button>
      </div>
      {set.stale.length > 0 && (
        <Notice
          tone="bad"
          role="alert"
          title={t("access.policies.staleAlert", { count: new Set(set.stale.map(({ policyId }) => policyId)).size })}
        >
          <p>{t("access.policies.staleWords")}</p>
        </Notice>
      )}
      {shown.length === 0 ? (
        <p className="quiet" style={{ padding: "0 14px" }}>
          {t(rows.length === 0 ? "app.nothing" : "app.noMatch")}
        </p>
      ) : (
        <PolicyList entries={entries} />
      )}
    </section>
  );
}

import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { useWords } from "../../words/words.ts";
import type { Policy, PolicyDiff } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";
import { Mark } from "../parts/Mark.tsx";
import { printPolicy } from "../policy/policy.json.ts";
import { policyInWords, titleOf } from "../policy/policy.words.ts";
import { lineDiff } from "./lineDiff.ts";

/** Policy by policy: in words and place by place, or as JSON side by side. */
export function DiffView({ diff }: { diff: PolicyDiff }) {
  const { t } = useWords();
  const { added, removed, changed } = diff;
  if (added.length + removed.length + changed.length === 0) {
    return (
      <section className="panel">
        <p className="quiet">{t("access.compare.same")}</p>
      </section>
    );
  }
  return (
    <>
      <p className="quiet" role="status" style={{ margin: 0 }}>
        {t("access.compare.counts", { changed: changed.length, added: added.length, removed: removed.length })}
      </p>
      {changed.map((one) => (
        <Changed key={one.id} {...one} />
      ))}
      {added.map((policy) => (
        <Whole key={policy.id} policy={policy} change="added" />
      ))}
      {removed.map((policy) => (
        <Whole key={policy.id} policy={policy} change="removed" />
      ))}
    </>
  );
}

function Whole({ policy, change }: { policy: Policy; change: "added" | "removed" }) {
  const { t } = useWords();
  const catalog = useCatalog();
  return (
    <section className="panel" aria-label={titleOf(policy.title, catalog.locale)}>
      <div className="panel-head">
        <h2>{titleOf(policy.title, catalog.locale)}</h2>
        <span className="quiet">{policy.id}</span>
        <Mark tone={change === "added" ? "good" : "bad"}>{t(`access.change.${change}`)}</Mark>
      </div>
      <p style={{ margin: "0 0 8px" }}>{policyInWords(policy, catalog)}</p>
      <details>
        <summary className="quiet">JSON</summary>
        <pre className="diff-lines" style={{ padding: 8 }}>
          {printPolicy(policy)}
        </pre>
      </details>
    </section>
  );
}

function Changed({ id, before, after, places }: PolicyDiff["changed"][number]) {
  const { t } = useWords();
  const catalog = useCatalog();
  const [view, setView] = useState<"places" | "json">("places");
  return (
    <section className="panel" aria-label={titleOf(after.title, catalog.locale)}>
      <div className="panel-head">
        <h2>{titleOf(after.title, catalog.locale)}</h2>
        <span className="quiet">{id}</span>
        <Mark tone="warn">{t("access.change.changed")}</Mark>
        <span className="grow" />
        <SegmentedControl
          size="xs"
          aria-label={t("access.compare.view")}
          value={view}
          onChange={(value) => setView(value === "json" ? "json" : "places")}
          data={[
            { value: "places", label: t("access.compare.places") },
            { value: "json", label: "JSON" },
          ]}
        />
      </div>
      {view === "json" ? (
        <SideBySide before={printPolicy(before)} after={printPolicy(after)} />
      ) : (
        <>
          <div className="diff-place">
            <span>{policyInWords(before, catalog)}</span>
            <span>{policyInWords(after, catalog)}</span>
          </div>
          {places.map((place) => (
            <div key={place.place} className="diff-place">
              <code className="place">{place.place || t("access.compare.whole")}</code>
              <Value value={place.before} side="removed" />
              <Value value={place.after} side="added" />
            </div>
          ))}
        </>
      )}
    </section>
  );
}

function Value({ value, side }: { value: unknown; side: "removed" | "added" }) {
  const { t } = useWords();
  return value === undefined ? (
    <span className="quiet">{t("access.compare.nothing")}</span>
  ) : (
    <code data-side={side} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
      {printPolicy(value, " ")}
    </code>
  );
}

function SideBySide({ before, after }: { before: string; after: string }) {
  const { t } = useWords();
  return (
    <div className="diff-lines" role="region" tabIndex={0} aria-label={t("access.compare.sideBySide")}>
      {lineDiff(before, after).map((row, index) => (
        // rows of one text have no other name than their place
        // oxlint-disable-next-line react/no-array-index-key
        <div key={index} className="diff-line">
          <span data-side={row.before === row.after || row.before === undefined ? undefined : "removed"}>
            {row.before}
          </span>
          <span data-side={row.before === row.after || row.after === undefined ? undefined : "added"}>{row.after}</span>
        </div>
      ))}
    </div>
  );
}

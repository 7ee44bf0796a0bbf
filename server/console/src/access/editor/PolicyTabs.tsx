import { Button, Tabs } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { useWords } from "../../words/words.ts";
import type { ExampleResult, Policy, PolicyFault } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";
import { ExamplesForm } from "../form/ExamplesForm.tsx";
import { PolicyForm } from "../form/PolicyForm.tsx";
import { Notice } from "../parts/Notice.tsx";
import { printPolicy, type ShapeFault } from "../policy/policy.json.ts";

const JsonEditor = lazy(() => import("./JsonEditor.tsx"));

interface Props {
  readonly policy: Policy;
  /** Where the form cannot show it. */
  readonly odd?: ShapeFault | undefined;
  /** Typed JSON that is no policy yet. */
  readonly unfinished?: { readonly text: string; readonly fault: ShapeFault } | undefined;
  readonly faults: readonly PolicyFault[];
  readonly results: readonly ExampleResult[];
  readonly readOnly?: boolean;
  readonly onChange: (policy: Policy, step?: string) => void;
  readonly onType: (text: string) => void;
  readonly onDropTyped?: () => void;
}

/** One policy as form, as JSON and by its examples; the three are the same policy. */
export function PolicyTabs(props: Props) {
  const { policy, odd, unfinished, faults, results, readOnly = false, onChange } = props;
  const { t } = useWords();
  const [tab, setTab] = useState<string | null>(odd ? "json" : "form");
  const failed = results.filter(({ passed }) => !passed).length;
  const count = policy.examples?.length ?? 0;
  const disabled = readOnly || unfinished !== undefined;
  return (
    <Tabs value={tab} onChange={setTab} variant="pills" keepMounted={false} className="policy-tabs">
      <Tabs.List aria-label={t("access.tabs")}>
        <Tabs.Tab value="form">{t("access.tabs.form")}</Tabs.Tab>
        <Tabs.Tab
          value="json"
          rightSection={(unfinished ?? odd) && <IconX size={13} aria-label={t("access.json.unfinished")} />}
        >
          JSON
        </Tabs.Tab>
        <Tabs.Tab value="examples" rightSection={results.length > 0 && <ExamplesMark failed={failed} />}>
          {t("access.tabs.examples", { count })}
        </Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="form" pt={12}>
        <Unfinished {...props} onOpenJson={() => setTab("json")} />
        {odd ? null : <PolicyForm policy={policy} faults={faults} disabled={disabled} onChange={onChange} />}
      </Tabs.Panel>
      <Tabs.Panel value="json" pt={12}>
        <JsonPane {...props} />
      </Tabs.Panel>
      <Tabs.Panel value="examples" pt={12}>
        <Unfinished {...props} onOpenJson={() => setTab("json")} />
        {odd ? null : (
          <ExamplesForm policy={policy} faults={faults} results={results} disabled={disabled} onChange={onChange} />
        )}
      </Tabs.Panel>
    </Tabs>
  );
}

function ExamplesMark({ failed }: { failed: number }) {
  const { t } = useWords();
  return failed === 0 ? (
    <IconCheck size={14} color="var(--good)" aria-label={t("access.examples.allPassed")} />
  ) : (
    <span className="bad">{t("access.examples.someFailed", { count: failed })}</span>
  );
}

/** Why the form stands still, and the two ways on. */
function Unfinished({ odd, unfinished, onDropTyped, onOpenJson }: Props & { onOpenJson: () => void }) {
  const { t } = useWords();
  const fault = unfinished?.fault ?? odd;
  if (!fault) return null;
  return (
    <Notice tone="warn" title={t(unfinished ? "access.json.unfinished" : "access.json.odd")}>
      <p>
        <code>{fault.place}</code> {t(fault.key, fault.params)}
      </p>
      <Button mr={8} onClick={onOpenJson}>
        {t("access.json.open")}
      </Button>
      {unfinished && onDropTyped && <Button onClick={onDropTyped}>{t("access.json.drop")}</Button>}
    </Notice>
  );
}

function JsonPane({ policy, unfinished, faults, readOnly = false, onType }: Props) {
  const { t } = useWords();
  const catalog = useCatalog();
  const label = t("access.json.label");
  const text = useMemo(() => unfinished?.text ?? printPolicy(policy), [unfinished, policy]);
  const wrong = unfinished?.fault;
  const wrongWords = wrong && t(wrong.key, wrong.params);
  const marks = useMemo(
    () =>
      wrong && wrongWords !== undefined
        ? [{ place: wrong.place, words: wrongWords, offset: wrong.offset }]
        : faults.map(({ place, words }) => ({ place, words })),
    [wrong, wrongWords, faults],
  );
  return (
    <>
      <div className="json-pane">
        <Suspense fallback={<p className="quiet">{t("app.loading")}</p>}>
          <JsonEditor
            key={`${label} ${String(readOnly)}`}
            text={text}
            label={label}
            readOnly={readOnly}
            marks={marks}
            catalog={catalog}
            resource={policy.resource}
            onType={onType}
          />
        </Suspense>
      </div>
      <div aria-live="polite">
        {marks.map(({ place, words }) => (
          <p key={place + words} className="fault">
            <code>{place}</code> {words}
          </p>
        ))}
      </div>
      {!readOnly && <p className="quiet">{t("access.json.hint")}</p>}
    </>
  );
}

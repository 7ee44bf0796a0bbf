import { Loaded } from "../../ui/Loaded.tsx";
import { useWords } from "../../words/words.ts";
import { type PolicySetReply, usePolicySet } from "../access.api.ts";
import { useCatalog, useMeeting } from "../catalog.tsx";
import { PolicyTabs } from "../editor/PolicyTabs.tsx";
import { ExplainPanel } from "../explain/ExplainPanel.tsx";
import { Crumbs } from "../parts/Crumbs.tsx";
import { Mark } from "../parts/Mark.tsx";
import { faultsIn } from "../policy/fault.words.ts";
import { policyInWords, titleOf } from "../policy/policy.words.ts";
import { shapeOf } from "../policy/policy.json.ts";
import { accessAddress } from "../routes.ts";
import { EditButton } from "./EditButton.tsx";

/** One policy of the set in force, to be read. */
export function PolicyPage({ id }: { id: string }) {
  const set = usePolicySet();
  return <Loaded query={set}>{(data) => <Policy set={data} id={id} />}</Loaded>;
}

const nothing = () => undefined;

function Policy({ set, id }: { set: PolicySetReply; id: string }) {
  const { t } = useWords();
  const catalog = useCatalog();
  useMeeting(set.policies);
  const policy = set.policies.find((one) => one.id === id);
  const crumbs = [{ words: t("access.view.policies"), to: accessAddress.policies() }];
  if (!policy) {
    return (
      <div className="page-head">
        <Crumbs crumbs={crumbs} />
        <h1>{id}</h1>
        <p className="quiet">{t("access.policies.gone")}</p>
      </div>
    );
  }
  const stale = faultsIn(
    set.stale.filter(({ policyId }) => policyId === id),
    catalog.locale,
  );
  const shape = shapeOf(policy);
  const title = titleOf(policy.title, catalog.locale);
  return (
    <>
      <div className="page-head">
        <Crumbs crumbs={[...crumbs, { words: t("access.policies.version", { rev: set.rev }) }]} />
        <h1>{title}</h1>
        {set.builtIn.includes(id) && <Mark tone="neutral">{t("access.policies.builtIn")}</Mark>}
        {stale.length > 0 && <Mark tone="bad">{t("access.policies.staleMark")}</Mark>}
        <span className="grow" />
        {!set.builtIn.includes(id) && <EditButton policyId={id} title={title} />}
      </div>
      <div className="draft" style={{ gridTemplateColumns: "minmax(0, 1.2fr) minmax(320px, 1fr)" }}>
        <section className="panel" aria-label={title}>
          <p className="quiet" style={{ marginTop: 0 }}>
            {policyInWords(policy, catalog)}
          </p>
          <PolicyTabs
            policy={policy}
            odd={shape.ok ? undefined : shape.fault}
            faults={stale}
            results={[]}
            readOnly
            onChange={nothing}
            onType={nothing}
          />
        </section>
        <div className="draft-side">
          <ExplainPanel resource={policy.resource} actions={policy.actions} />
        </div>
      </div>
    </>
  );
}

import { useMemo, useState } from "react";
import { go, usePlace } from "../../app/route.ts";
import { useWords } from "../../words/words.ts";
import { type Draft, useVersion } from "../access.api.ts";
import { useCatalog, useMeeting } from "../catalog.tsx";
import { DryRunPanel } from "../dryRun/DryRunPanel.tsx";
import { ExplainPanel } from "../explain/ExplainPanel.tsx";
import { faultsIn } from "../policy/fault.words.ts";
import { policyInWords } from "../policy/policy.words.ts";
import { Notice } from "../parts/Notice.tsx";
import { accessAddress } from "../routes.ts";
import { changesOf } from "./draft.changes.ts";
import type { DraftState, DraftStore } from "./draft.store.ts";
import { DraftConflict } from "./DraftConflict.tsx";
import { DraftHead } from "./DraftHead.tsx";
import { DraftList } from "./DraftList.tsx";
import { PolicyTabs } from "./PolicyTabs.tsx";
import { useCheck } from "./useCheck.ts";
import { useUndoKeys } from "./useUndoKeys.ts";

interface Props {
  readonly draft: Draft;
  readonly store: DraftStore;
  readonly state: DraftState;
}

/** List, form, and what publishing would do, side by side. */
export function DraftEditor({ draft, store, state }: Props) {
  const { t } = useWords();
  const catalog = useCatalog();
  const wanted = usePlace().query.get("policy");
  const [baseRev, setBaseRev] = useState(draft.baseRev);
  const base = useVersion(baseRev).data;
  const check = useCheck(draft.id, state.items);
  const changes = useMemo(
    () => changesOf(state.items, base?.policies ?? state.items.map(({ policy }) => policy)),
    [state.items, base],
  );
  const [chosen, setChosen] = useState(() => state.items.find(({ policy }) => policy.id === wanted)?.key);
  const index = Math.max(
    0,
    state.items.findIndex((item) => (chosen === undefined ? item.policy.id === wanted : item.key === chosen)),
  );
  const item = state.items[index];
  useMeeting(base?.policies);
  useUndoKeys(store);

  function choose(key: string) {
    setChosen(key);
    const policy = store.state().items.find((one) => one.key === key)?.policy;
    go(accessAddress.draft(draft.id, policy?.id), { replace: true });
  }

  const faults = useMemo(
    () => faultsIn(check.reply?.faults.filter((fault) => fault.index === index) ?? [], catalog.locale),
    [check.reply, index, catalog.locale],
  );
  const ofTheSet = faultsIn(check.reply?.faults.filter((fault) => fault.index === undefined) ?? [], catalog.locale);
  return (
    <>
      <DraftHead
        draft={draft}
        store={store}
        state={state}
        baseRev={baseRev}
        check={check}
        changes={changes}
        item={item}
        onRebased={(next) => {
          setBaseRev(next.baseRev);
          store.reset(next);
        }}
      />
      {state.save.is === "conflict" && <DraftConflict draft={draft} store={store} state={state} onBase={setBaseRev} />}
      {draft.note !== undefined && <Notice tone="warn" title={draft.note} />}
      {ofTheSet.map(({ words }) => (
        <Notice key={words} tone="bad" role="alert" title={words} />
      ))}
      <div className="draft">
        <DraftList
          store={store}
          state={state}
          changes={changes}
          check={check.reply}
          chosen={item?.key}
          onChoose={choose}
        />
        {item ? (
          <section className="panel" aria-label={t("access.draft.policy")}>
            <p className="quiet" style={{ marginTop: 0 }}>
              {item.odd ? item.policy.id : policyInWords(item.policy, catalog)}
            </p>
            <PolicyTabs
              key={item.key}
              policy={item.policy}
              odd={item.odd}
              unfinished={state.unfinished.get(item.key)}
              faults={faults}
              results={check.reply?.examples.filter(({ policyId }) => policyId === item.policy.id) ?? []}
              onChange={(policy, step) => store.change(item.key, policy, step)}
              onType={(text) => store.type(item.key, text)}
              onDropTyped={() => store.dropTyped(item.key)}
            />
          </section>
        ) : (
          <section className="panel">
            <p className="quiet">{t("access.draft.empty")}</p>
          </section>
        )}
        <div className="draft-side">
          <DryRunPanel
            draftId={draft.id}
            version={state.version}
            isSaved={state.save.is === "saved"}
            publishable={check.reply?.publishable ?? false}
            onSave={() => store.flush()}
          />
          {item && !item.odd && (
            <ExplainPanel
              key={item.key}
              resource={item.policy.resource}
              actions={item.policy.actions}
              draftId={draft.id}
              draftVersion={state.version}
            />
          )}
        </div>
      </div>
    </>
  );
}

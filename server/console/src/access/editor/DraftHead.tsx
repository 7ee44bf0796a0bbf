import { ActionIcon, Button } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp } from "@tabler/icons-react";
import { useState } from "react";
import { call } from "../../api/api.ts";
import { go } from "../../app/route.ts";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import type { Draft } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";
import { PublishDialog } from "../dryRun/PublishDialog.tsx";
import { Crumbs } from "../parts/Crumbs.tsx";
import { Mark } from "../parts/Mark.tsx";
import { titleOf } from "../policy/policy.words.ts";
import { accessAddress } from "../routes.ts";
import type { DraftChanges } from "./draft.changes.ts";
import type { DraftItem, DraftState, DraftStore } from "./draft.store.ts";
import type { Check } from "./useCheck.ts";

interface Props {
  readonly draft: Draft;
  readonly store: DraftStore;
  readonly state: DraftState;
  readonly baseRev: string;
  readonly check: Check;
  readonly changes: DraftChanges;
  readonly item: DraftItem | undefined;
  readonly onRebased: (draft: Draft) => void;
}

export function DraftHead({ draft, store, state, baseRev, check, changes, item, onRebased }: Props) {
  const { t } = useWords();
  const { locale } = useCatalog();
  const { confirm } = useAct();
  const [isPublishing, setPublishing] = useState(false);
  const title = item ? titleOf(item.policy.title ?? "", locale) || item.policy.id : state.title;
  return (
    <div className="page-head">
      <Crumbs
        crumbs={[
          { words: t("access.view.policies"), to: accessAddress.policies() },
          { words: t("access.draft.of", { rev: baseRev }) },
        ]}
      />
      <div className="head-row">
        <h1 title={title}>{title}</h1>
        <Mark tone="warn">{t("access.draft")}</Mark>
        <CheckMark check={check} />
        <SaveMark state={state} onRetry={() => void store.flush()} />
        <span className="grow" />
        <ActionIcon aria-label={t("access.draft.undo")} disabled={!state.canUndo} onClick={() => store.undo()}>
          <IconArrowBackUp size={17} />
        </ActionIcon>
        <ActionIcon aria-label={t("access.draft.redo")} disabled={!state.canRedo} onClick={() => store.redo()}>
          <IconArrowForwardUp size={17} />
        </ActionIcon>
        <Button onClick={() => void store.flush().then(() => go(accessAddress.compare(baseRev, `draft:${draft.id}`)))}>
          {t("access.draft.compare", { rev: baseRev })}
        </Button>
        <Button
          onClick={() =>
            confirm({
              title: t("access.draft.discard"),
              words: t("access.draft.discard.ask", { title: state.title, count: changes.count }),
              async run() {
                await call("DELETE", `/access/drafts/${draft.id}`);
                go(accessAddress.policies());
                return t("access.draft.discarded");
              },
            })
          }
        >
          {t("access.draft.discard")}
        </Button>
        <Button
          variant="filled"
          disabled={state.save.is === "conflict"}
          onClick={() => void store.flush().then(() => setPublishing(true))}
        >
          {t("access.draft.publish")}
        </Button>
      </div>
      {isPublishing && (
        <PublishDialog
          draftId={draft.id}
          state={state}
          baseRev={baseRev}
          changes={changes}
          onRebased={onRebased}
          onClose={() => setPublishing(false)}
        />
      )}
    </div>
  );
}

function CheckMark({ check: { reply, isBehind, error } }: { check: Check }) {
  const { t } = useWords();
  if (error) return <Mark tone="bad">{t("access.check.failed")}</Mark>;
  if (!reply) return <Mark tone="neutral">{t("access.check.running")}</Mark>;
  const failed = reply.examples.filter(({ passed }) => !passed).length;
  const words =
    reply.faults.length > 0
      ? t("access.check.faults", { count: reply.faults.length })
      : failed > 0
        ? t("access.check.examples", { count: failed })
        : t("access.check.fits");
  return (
    <span role="status" style={{ opacity: isBehind ? 0.6 : 1 }}>
      <Mark tone={reply.publishable ? "good" : "bad"}>{words}</Mark>
    </span>
  );
}

function SaveMark({ state: { save, updatedAt }, onRetry }: { state: DraftState; onRetry: () => void }) {
  const { t, time } = useWords();
  if (save.is === "failed") {
    return (
      <span role="alert" className="bad">
        {t("access.save.failed", { why: save.error.message })}{" "}
        <Button size="compact-xs" onClick={onRetry}>
          {t("app.retry")}
        </Button>
      </span>
    );
  }
  return (
    <span className="quiet" role="status" title={time(updatedAt)}>
      {t(`access.save.${save.is}`)}
    </span>
  );
}

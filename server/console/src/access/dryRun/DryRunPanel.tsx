import { Button, Progress } from "@mantine/core";
import { useState } from "react";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import type { DryRun } from "../access.api.ts";
import { DryRunPeople } from "./DryRunPeople.tsx";
import { DryRunTables } from "./DryRunTables.tsx";
import { agoWords } from "./agoWords.ts";
import { useDryRun } from "./useDryRun.ts";

interface Props {
  readonly draftId: string;
  readonly version: number;
  readonly isSaved: boolean;
  /** A draft with faults cannot be counted: there is nothing to decide with. */
  readonly publishable: boolean;
  readonly onSave: () => Promise<void>;
}

/** "If you publish this": who would gain and lose what, counted over every record. */
export function DryRunPanel({ draftId, version, isSaved, publishable, onSave }: Props) {
  const { t } = useWords();
  const { act } = useAct();
  const { run, error, isUnderWay, isLoading, start, cancel } = useDryRun(draftId);
  const isOld = run !== undefined && (run.draftVersion !== version || !isSaved);

  const count = () =>
    act(async () => {
      await onSave();
      await start();
      return undefined;
    });

  return (
    <section className="panel" aria-labelledby="dry-run">
      <div className="panel-head">
        <h2 id="dry-run">{t("access.dryRun.title")}</h2>
        <span className="grow" />
        {isUnderWay ? (
          <Button onClick={() => void act(() => cancel().then(() => undefined))}>{t("app.cancel")}</Button>
        ) : (
          <Button disabled={!publishable || isLoading} onClick={() => void count()}>
            {t(run ? "access.dryRun.again" : "access.dryRun.start")}
          </Button>
        )}
      </div>
      {run?.result && <CountedOver run={run} />}
      {error && <ProblemAlert error={error} />}
      {isUnderWay && run && <Running run={run} />}
      {run?.state === "failed" && (
        <p className="fault" role="alert">
          {t("access.dryRun.failed", { why: run.words ?? "" })}
        </p>
      )}
      {run?.state === "cancelled" && <p className="quiet">{t("access.dryRun.cancelled")}</p>}
      {!run && !isLoading && <p className="quiet">{t(publishable ? "access.dryRun.lead" : "access.dryRun.faulty")}</p>}
      {run?.result && (
        <>
          {isOld && (
            <p className="fault" role="status" style={{ color: "var(--warn)" }}>
              {t("access.dryRun.old")}
            </p>
          )}
          <Result run={run} result={run.result} />
        </>
      )}
    </section>
  );
}

function Running({ run: { progress, state } }: { run: DryRun }) {
  const { t, number } = useWords();
  const percent = progress.total === 0 ? 0 : (100 * progress.done) / progress.total;
  const words =
    state === "waiting"
      ? t("access.dryRun.waiting")
      : t("access.dryRun.running", { done: number(progress.done), total: number(progress.total) });
  return (
    <div role="status">
      <p className="quiet" style={{ margin: "0 0 6px" }}>
        {words}
      </p>
      <Progress value={percent} aria-label={t("access.dryRun.title")} animated />
    </div>
  );
}

function CountedOver({ run }: { run: DryRun }) {
  const { t, number, time, locale } = useWords();
  const counted = run.finishedAt ?? run.startedAt;
  return (
    <span className="quiet" style={{ fontSize: 12 }} title={time(counted)}>
      {t("access.dryRun.over", {
        records: number(run.result?.records ?? 0),
        when: agoWords(counted, locale),
      })}
    </span>
  );
}

function Result({ run, result }: { run: DryRun; result: NonNullable<DryRun["result"]> }) {
  const { t, number } = useWords();
  const [showsPeople, setShowsPeople] = useState(false);
  const { total } = result;
  if (total.gained + total.lost + total.changed === 0) {
    return <p>{t("access.dryRun.nothing", { users: number(result.users) })}</p>;
  }
  return (
    <>
      <div className="figures">
        <Figure
          tone="good"
          value={`+ ${number(total.gained)}`}
          words={t("access.dryRun.gained", { count: result.usersGaining })}
        />
        <Figure
          tone="bad"
          value={`− ${number(total.lost)}`}
          words={t("access.dryRun.lost", { count: result.usersLosing })}
        />
        {total.changed > 0 && <Figure value={number(total.changed)} words={t("access.dryRun.changed")} />}
        <Figure
          value={number(result.devicesPurging)}
          words={t("access.dryRun.devices", { count: result.devicesPurging, rows: result.rowsPurged })}
        />
      </div>
      <DryRunTables result={result} />
      <Button mt={10} aria-expanded={showsPeople} onClick={() => setShowsPeople((now) => !now)}>
        {t(showsPeople ? "access.dryRun.people.hide" : "access.dryRun.people.show")}
      </Button>
      {showsPeople && <DryRunPeople runId={run.id} />}
    </>
  );
}

function Figure({ value, words, tone }: { value: string; words: string; tone?: "good" | "bad" }) {
  return (
    <div className="figure">
      <b className={tone}>{value}</b>
      <span>{words}</span>
    </div>
  );
}

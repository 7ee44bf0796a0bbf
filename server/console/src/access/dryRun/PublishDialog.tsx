import { Button, Modal, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call, Problem } from "../../api/api.ts";
import { go } from "../../app/route.ts";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useWords } from "../../words/words.ts";
import { type Draft, usePolicySet } from "../access.api.ts";
import type { DraftChanges } from "../editor/draft.changes.ts";
import type { DraftState } from "../editor/draft.store.ts";
import { Notice } from "../parts/Notice.tsx";
import { faultInWords } from "../policy/fault.words.ts";
import { accessAddress } from "../routes.ts";
import { useDryRun } from "./useDryRun.ts";

interface Props {
  readonly draftId: string;
  readonly state: DraftState;
  readonly baseRev: string;
  readonly changes: DraftChanges;
  readonly onRebased: (draft: Draft) => void;
  readonly onClose: () => void;
}

/** Says what publishing will do, and does it when the draft's title is typed. */
export function PublishDialog(props: Props) {
  const { state, baseRev, onClose } = props;
  const { t } = useWords();
  const inForce = usePolicySet().data;
  const isBehind = inForce !== undefined && inForce.rev !== baseRev;
  const [conflicts, setConflicts] = useState<readonly string[]>([]);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("access.publish.title", { title: state.title })}
      size="lg"
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      {conflicts.length > 0 && <Conflicts ids={conflicts} />}
      {isBehind ? <BringUpToDate {...props} newRev={inForce.rev} onConflicts={setConflicts} /> : <Confirm {...props} />}
    </Modal>
  );
}

/** Both sides changed these: what the draft says stands, and is worth a second look before it is published. */
function Conflicts({ ids }: { ids: readonly string[] }) {
  const { t } = useWords();
  return (
    <Notice tone="bad" role="alert" title={t("access.rebase.conflicts", { count: ids.length })}>
      <ul>
        {ids.map((id) => (
          <li key={id}>{id}</li>
        ))}
      </ul>
    </Notice>
  );
}

function Confirm({ draftId, state, baseRev, changes, onClose }: Props) {
  const { t, number, reason, locale } = useWords();
  const client = useQueryClient();
  const { run } = useDryRun(draftId);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const counted = run?.result && run.draftVersion === state.version ? run.result : undefined;
  const counts = [...changes.ofItem.values()];
  const words = {
    changed: counts.filter((change) => change === "changed").length,
    added: counts.filter((change) => change === "added").length,
    removed: changes.removed.length,
  };

  async function publish() {
    setBusy(true);
    setError(undefined);
    try {
      await call("POST", `/access/drafts/${draftId}/publish`, { version: state.version, baseRev, confirm: typed });
      notifications.show({ message: t("access.publish.done"), closeButtonProps: { "aria-label": t("app.close") } });
      go(accessAddress.view("versions"));
    } catch (problem) {
      setError(problem as Error);
      setBusy(false);
    } finally {
      await client.invalidateQueries({ queryKey: ["access"] });
    }
  }

  return (
    <form
      style={{ display: "grid", gap: 10 }}
      onSubmit={(event) => {
        event.preventDefault();
        void publish();
      }}
    >
      <p style={{ margin: 0 }}>{t("access.publish.words", words)}</p>
      {counted ? (
        <p style={{ margin: 0 }}>
          {t("access.publish.counted", {
            gained: number(counted.total.gained),
            gaining: counted.usersGaining,
            lost: number(counted.total.lost),
            losing: counted.usersLosing,
            devices: counted.devicesPurging,
          })}
        </p>
      ) : (
        <Notice tone="warn" title={t("access.publish.notCounted")} />
      )}
      <p style={{ margin: 0 }}>{t("access.publish.atOnce", { rev: baseRev })}</p>
      {error && <ProblemAlert error={error} />}
      {error instanceof Problem &&
        error.problems.map((problem) => (
          <p key={problem.field + problem.message} className="fault">
            <code>{problem.field}</code> {reason(problem.reason, faultInWords(problem.message, locale))}
          </p>
        ))}
      <TextInput
        data-autofocus
        label={t("access.publish.type", { title: state.title })}
        autoComplete="off"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <div className="toolbar">
        <span className="grow" />
        <Button onClick={onClose}>{t("app.cancel")}</Button>
        <Button
          type="submit"
          variant="filled"
          loading={busy}
          disabled={typed.trim() !== state.title.trim() || changes.count === 0}
        >
          {t("access.publish.do")}
        </Button>
      </div>
    </form>
  );
}

interface BehindProps extends Props {
  readonly newRev: string;
  readonly onConflicts: (ids: readonly string[]) => void;
}

/** Another set came into force since the draft was begun: publishing over it would take that back unseen. */
function BringUpToDate({ draftId, state, baseRev, newRev, onRebased, onConflicts, onClose }: BehindProps) {
  const { t } = useWords();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();

  async function rebase() {
    setBusy(true);
    setError(undefined);
    try {
      const reply = await call<{ draft: Draft; conflicts: readonly string[] }>(
        "POST",
        `/access/drafts/${draftId}/rebase`,
        { version: state.version },
      );
      onConflicts(reply.conflicts);
      onRebased(reply.draft);
    } catch (problem) {
      setError(problem as Error);
      setBusy(false);
    } finally {
      await client.invalidateQueries({ queryKey: ["access", "check"] });
    }
  }

  return (
    <div style={{ display: "grid", gap: 10 }}>
      <Notice tone="warn" role="alert" title={t("access.rebase.title", { rev: newRev, base: baseRev })}>
        {t("access.rebase.words")}
      </Notice>
      {error && <ProblemAlert error={error} />}
      <div className="toolbar">
        <Button onClick={() => go(accessAddress.compare(baseRev, newRev))}>{t("access.rebase.see")}</Button>
        <span className="grow" />
        <Button onClick={onClose}>{t("app.cancel")}</Button>
        <Button data-autofocus variant="filled" loading={busy} onClick={() => void rebase()}>
          {t("access.rebase.do")}
        </Button>
      </div>
    </div>
  );
}

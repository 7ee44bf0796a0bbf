import { Button, Modal, Progress, Select, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import type { ReplicaRule } from "#contract";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import classes from "./rules.module.css";

interface Run {
  readonly id: string;
  readonly total: number;
  readonly done: number;
  readonly changed: number;
  readonly finishedAt?: string;
}

const LOOK_MS = 700; // a hundred messages are done in this time

/** Tries a rule on what lies in a folder; the server does it, and goes on when this is closed. */
export function RunDialog(props: {
  readonly mailboxId: string;
  readonly rule: ReplicaRule;
  readonly folders: ReadonlyMap<string, string>;
  readonly close: () => void;
}) {
  const { t, reason } = useWords();
  const { call } = useReplica();
  const [folderId, setFolderId] = useState<string | null>([...props.folders.keys()][0] ?? null);
  const [run, setRun] = useState<Run>();
  const [problem, setProblem] = useState<string>();
  const isRunning = run !== undefined && run.finishedAt === undefined;

  async function start(): Promise<void> {
    if (folderId === null) return;
    setProblem(undefined);
    const answer = await call("mail.request", {
      method: "POST",
      path: `/api/mail/mailboxes/${props.mailboxId}/rules/run`,
      body: { folderId, ruleId: props.rule.id },
    });
    if (answer.ok) setRun(answer.body as unknown as Run);
    else setProblem(reason(answer.reason, answer.message));
  }

  const runningId = isRunning ? run.id : undefined;
  useEffect(() => {
    if (runningId === undefined) return;
    const look = () =>
      void call("mail.request", { method: "GET", path: `/api/mail/rule-runs/${runningId}` }).then((answer) => {
        if (answer.ok) setRun(answer.body as unknown as Run);
      });
    const timer = window.setInterval(look, LOOK_MS);
    return () => window.clearInterval(timer);
  }, [call, runningId]);

  return (
    <Modal
      opened
      onClose={props.close}
      title={t("rules.run.title", { name: props.rule.name })}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <Text size="sm">{t("rules.run.text")}</Text>
      <Select
        mt="sm"
        label={t("rules.folder")}
        searchable
        disabled={isRunning}
        value={folderId}
        data={[...props.folders].map(([value, label]) => ({ value, label }))}
        onChange={setFolderId}
      />
      {run && (
        <>
          <Progress mt="md" value={run.total === 0 ? 100 : (run.done / run.total) * 100} aria-label={t("rules.run")} />
          <Text size="xs" c="dimmed" mt={4} role="status">
            {t(run.finishedAt === undefined ? "rules.run.doing" : "rules.run.done", {
              done: run.done,
              total: run.total,
              changed: run.changed,
            })}
          </Text>
        </>
      )}
      {problem && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      <div className={classes.buttons}>
        <Button onClick={props.close}>{t("app.close")}</Button>
        <Button
          data-autofocus
          variant="filled"
          loading={isRunning}
          disabled={folderId === null}
          onClick={() => void start()}
        >
          {t("rules.run")}
        </Button>
      </div>
    </Modal>
  );
}

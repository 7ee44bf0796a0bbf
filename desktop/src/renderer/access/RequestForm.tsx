import { Button, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState, type FormEvent } from "react";
import { grantLimits, type GrantLevel } from "@kontor/shared/access";
import { newId } from "@kontor/shared/base";
import { fieldsOfSection, type TypeDefinition } from "@kontor/shared/objects";
import { useFailureWords, useReplica } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import type { AccessQuestion } from "./question.ts";
import { ScopeFields, type Scope } from "./ScopeFields.tsx";
import { untilMoment } from "./until.ts";
import classes from "./access.module.css";

/** Asks for what the question was about; it can be sent without a network, and waits in the outbox then. */
export function RequestForm(props: {
  readonly question: AccessQuestion;
  readonly type: TypeDefinition;
  readonly close: () => void;
}) {
  const { t, label } = useWords();
  const failureWords = useFailureWords();
  const { call, status } = useReplica();
  const { close, question, type } = props;
  const sections = type.sections.filter(({ key }) => fieldsOfSection(type, key).length > 0);
  const all = sections.map(({ key }) => key);
  const [scope, setScope] = useState<Scope>({
    level: question.act === "read" ? "read" : "edit",
    sections: question.section === undefined ? all : [question.section],
    until: { choice: "week", day: "" },
  });
  const [why, setWhy] = useState("");
  const [problem, setProblem] = useState<string>();
  const isOnline = status.connection === "online";

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    const until = untilMoment(scope.until);
    if (scope.sections.length === 0) return setProblem(t("access.form.needSection"));
    if (until === undefined) return setProblem(t("access.form.needDay"));
    if (why.trim() === "") return setProblem(t("access.form.needWhy"));
    const isWhole = all.every((key) => scope.sections.includes(key));
    try {
      await call("access.request", {
        id: newId(),
        recordId: question.recordId,
        type: type.name,
        level: scope.level,
        ...(isWhole ? {} : { sections: [...scope.sections] }),
        until,
        why: why.trim(),
      });
    } catch (error) {
      return setProblem(failureWords(error));
    }
    notifications.show({ message: t(isOnline ? "access.form.sent" : "access.form.sentLater") });
    close();
  }

  return (
    <form className={classes.form} onSubmit={(event) => void send(event)}>
      <ScopeFields
        scope={scope}
        change={(next) => {
          setScope(next);
          setProblem(undefined);
        }}
        levels={LEVELS}
        sections={sections.map(({ key, label: name }) => ({ key, name: label(name) }))}
      />
      <Textarea
        label={t("access.form.why")}
        description={t("access.form.whyHint")}
        value={why}
        maxLength={grantLimits.wordsLength}
        autosize
        minRows={2}
        data-autofocus
        error={problem}
        onChange={(event) => {
          setWhy(event.currentTarget.value);
          setProblem(undefined);
        }}
      />
      <div className={classes.buttons}>
        <Button onClick={close}>{t("app.cancel")}</Button>
        <Button type="submit" variant="filled">
          {t(isOnline ? "access.form.send" : "access.form.sendLater")}
        </Button>
      </div>
    </form>
  );
}

const LEVELS: readonly GrantLevel[] = ["read", "edit"];

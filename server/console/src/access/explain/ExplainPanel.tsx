import { useState } from "react";
import { Link } from "../../ui/Link.tsx";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useWords } from "../../words/words.ts";
import { useCatalog } from "../catalog.tsx";
import { accessAddress } from "../routes.ts";
import { Answer } from "./Answer.tsx";
import { isAskable, type Question, questionFrom, questionToQuery } from "./question.ts";
import { QuestionForm } from "./QuestionForm.tsx";
import { useExplanation } from "./useExplanation.ts";

interface Props {
  readonly resource: string;
  readonly actions: readonly string[];
  readonly draftId?: string;
  readonly draftVersion?: number;
}

/** Explain beside a policy: it begins with the policy's type and action, under the draft that is open. */
export function ExplainPanel({ resource, actions, draftId = "", draftVersion = 0 }: Props) {
  const { t } = useWords();
  const catalog = useCatalog();
  const [question, setQuestion] = useState<Question>(() => ({
    ...questionFrom(new URLSearchParams()),
    type: resource === "*" ? (catalog.types[0]?.name ?? "") : resource,
    action: actions.find((action) => !action.includes("*")) ?? "read",
  }));
  const asked: Question = { ...question, draft: draftId };
  return (
    <section className="panel" aria-labelledby="explain">
      <div className="panel-head">
        <h2 id="explain">{t("access.view.explain")}</h2>
        <span className="grow" />
        <Link to={accessAddress.view("explain", questionToQuery(asked))}>{t("access.explain.open")}</Link>
      </div>
      <QuestionForm
        question={asked}
        asksDraft={false}
        onChange={(part) => setQuestion((now) => ({ ...now, ...part }))}
      />
      <ExplainedAnswer question={asked} state={`${draftId} ${draftVersion}`} />
    </section>
  );
}

export function ExplainedAnswer({ question, state }: { question: Question; state: string }) {
  const { t } = useWords();
  const explanation = useExplanation(question, state);
  if (!isAskable(question)) return <p className="quiet">{t("access.explain.lead")}</p>;
  if (explanation.error) return <ProblemAlert error={explanation.error} onRetry={() => void explanation.refetch()} />;
  if (!explanation.data) return <p className="quiet">{t("app.loading")}</p>;
  return <Answer answer={explanation.data} />;
}

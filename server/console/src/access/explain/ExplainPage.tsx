import { go, usePlace } from "../../app/route.ts";
import { useWords } from "../../words/words.ts";
import { accessAddress } from "../routes.ts";
import { ExplainedAnswer } from "./ExplainPanel.tsx";
import { questionFrom, questionToQuery } from "./question.ts";
import { QuestionForm } from "./QuestionForm.tsx";

/** "May X do Y to Z, and why": the question stands in the address, so that it can be sent to a colleague. */
export function ExplainPage() {
  const { t } = useWords();
  const question = questionFrom(usePlace().query);
  return (
    <>
      <div className="page-head">
        <h1>{t("access.view.explain")}</h1>
        <span className="quiet">{t("access.explain.about")}</span>
      </div>
      <div className="page-body" style={{ maxWidth: 980 }}>
        <section className="panel" aria-label={t("access.view.explain")}>
          <QuestionForm
            question={question}
            asksDraft
            onChange={(part) =>
              go(accessAddress.view("explain", questionToQuery({ ...question, ...part })), { replace: true })
            }
          />
          <ExplainedAnswer question={question} state={question.draft} />
        </section>
      </div>
    </>
  );
}

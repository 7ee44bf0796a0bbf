import { Alert, Button, Textarea } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { Problem } from "../../api/api.ts";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useWords } from "../../words/words.ts";
import { usePolicySet, type VocabularyType } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";
import { refusalDetails } from "./refusal.words.ts";
import type { Answering } from "./requests.ts";
import { ScopeFields, type Scope } from "./ScopeFields.tsx";
import { isOver, untilMoment } from "./until.ts";
import { useAnswer } from "./useAnswer.ts";

const MOST_WORDS = 1_000; // of an answer, as the server takes it

interface Props extends Answering {
  readonly onClose: () => void;
}

/** An empty section can neither be shown nor granted. */
const sectionWithFields = ({ name, fields }: VocabularyType["sections"][number]) => (fields.length > 0 ? [name] : []);

/** What is asked can be narrowed here, and not widened; what the answerer may not give is the server's to say. */
export function AnswerForm({ request, how, onClose }: Props) {
  const { t } = useWords();
  const catalog = useCatalog();
  const isGrant = how === "grant";
  const name = catalog.valueWords(request.requester);
  const { error, isBusy, forget, send } = useAnswer({ request, how }, onClose);
  const asked = request.sections ?? catalog.typeOf(request.type).sections.flatMap(sectionWithFields);
  const [scope, setScope] = useState<Scope>({
    level: request.level,
    sections: asked,
    until: { choice: isOver(request.until) ? "today" : "asked", typed: "" },
  });
  const [answer, setAnswer] = useState("");
  const until = untilMoment(scope.until, request.until);
  const isWhole = scope.sections.length > 0 && until !== undefined;

  function submit(event: FormEvent) {
    event.preventDefault();
    const words = answer.trim() === "" ? {} : { answer: answer.trim() };
    const { level, sections } = scope;
    if (!isGrant) void send(words);
    else if (isWhole) void send({ level, sections, until, ...words });
  }

  return (
    <form className="answer-form" aria-busy={isBusy} onChange={forget} onSubmit={submit}>
      {error && <Refusal error={error} type={request.type} />}
      {isGrant && <ScopeFields request={request} asked={asked} scope={scope} until={until} onChange={setScope} />}
      <Textarea
        label={t("access.grants.words", { name })}
        description={t("access.grants.words.hint", { name })}
        maxLength={MOST_WORDS}
        autosize
        minRows={2}
        value={answer}
        onChange={(event) => setAnswer(event.currentTarget.value)}
        {...(!isGrant && { "data-autofocus": true })}
      />
      <div className="answer-buttons">
        <Button onClick={onClose}>{t("app.cancel")}</Button>
        <Button
          type="submit"
          variant="filled"
          loading={isBusy}
          disabled={isGrant && !isWhole}
          {...(!isGrant && { color: "red" })}
        >
          {t(isGrant ? "access.grants.grant.do" : "access.grants.refuse.do")}
        </Button>
      </div>
    </form>
  );
}

/** Why the server did not take the answer, and what stands in the way by name. */
function Refusal({ error, type }: { readonly error: Error; readonly type: string }) {
  const { reason } = useWords();
  const catalog = useCatalog();
  const policies = usePolicySet().data?.policies ?? [];
  const details = error instanceof Problem ? refusalDetails(error, type, catalog, policies) : [];
  if (!(error instanceof Problem) || details.length === 0) return <ProblemAlert error={error} />;
  return (
    <Alert color="red" role="alert" title={reason(error.reason, error.message)}>
      {details.join(", ")}
    </Alert>
  );
}

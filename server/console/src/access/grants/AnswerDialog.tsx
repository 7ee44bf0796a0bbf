import { Button, Modal } from "@mantine/core";
import { useWords } from "../../words/words.ts";
import { useCatalog } from "../catalog.tsx";
import { Notice } from "../parts/Notice.tsx";
import { AnswerForm } from "./AnswerForm.tsx";
import type { Answering } from "./requests.ts";

interface Props extends Answering {
  readonly onClose: () => void;
}

/** Answers a request: with access for a time, never wider than asked, or with a refusal; both with words. */
export function AnswerDialog({ request, how, onClose }: Props) {
  const { t, time } = useWords();
  const catalog = useCatalog();
  const { type, title, level, sections, until, why } = request;
  const name = catalog.valueWords(request.requester);
  const facts = [
    [t("access.explain.record"), `${catalog.typeWords(type)}: ${title ?? t("access.grants.unseen")}`],
    [
      t("access.grants.asks"),
      [
        catalog.actionWords(type, level),
        sections?.map((section) => catalog.sectionWords(type, section)).join(", ") ?? t("access.grants.whole"),
        t("access.grants.untilWhen", { when: time(until) }),
      ].join(" · "),
    ],
    [t("access.grants.why"), why],
  ] as const;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(how === "grant" ? "access.grants.grant.title" : "access.grants.refuse.title", { name })}
      size="lg"
      returnFocus={false}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <dl className="request-facts">
        {facts.map(([term, words]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      {how === "grant" && title === undefined ? (
        <NotSeen request={request} onClose={onClose} />
      ) : (
        <AnswerForm request={request} how={how} onClose={onClose} />
      )}
    </Modal>
  );
}

/** Administering opens no record, and nobody grants what they do not see. */
function NotSeen({ request, onClose }: Pick<Props, "request" | "onClose">) {
  const { t } = useWords();
  const catalog = useCatalog();
  return (
    <>
      <Notice tone="warn" title={t("access.grants.notSeen")}>
        {request.recipients.length > 0 && (
          <p>
            {t("access.grants.putBefore", { names: request.recipients.map((id) => catalog.valueWords(id)).join(", ") })}
          </p>
        )}
      </Notice>
      <div className="answer-buttons">
        <Button onClick={onClose} data-autofocus>
          {t("app.close")}
        </Button>
      </div>
    </>
  );
}

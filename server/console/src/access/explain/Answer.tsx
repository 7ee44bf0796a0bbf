import type { ConditionTrace, Outcome, PolicyTrace } from "@kontor/shared/access";
import { Link } from "../../ui/Link.tsx";
import { useWords } from "../../words/words.ts";
import type { Explanation } from "../access.api.ts";
import { useCatalog, useMeeting } from "../catalog.tsx";
import { Mark, type MarkTone } from "../parts/Mark.tsx";
import { Notice } from "../parts/Notice.tsx";
import { titleOf } from "../policy/policy.words.ts";
import { accessAddress } from "../routes.ts";
import { actualWords, traceInWords } from "./trace.words.ts";

/** The answer in words, and below it every policy that was asked, condition by condition. */
export function Answer({ answer }: { answer: Explanation }) {
  const { t } = useWords();
  useMeeting(answer);
  const deciding = answer.decidedBy?.id;
  const ordered = answer.policies.toSorted((a, b) => rankOf(b, deciding) - rankOf(a, deciding));
  return (
    <div aria-live="polite">
      <Verdict answer={answer} />
      {answer.read && !answer.read.allowed && <Notice tone="warn" title={t("access.answer.notReadable")} />}
      {ordered.map((policy) => (
        <Policy key={policy.id} policy={policy} resource={answer.resource} isDeciding={policy.id === deciding} />
      ))}
      {ordered.length === 0 && <p className="quiet">{t("access.answer.noPolicies")}</p>}
    </div>
  );
}

/** What decided first, then what applies, then what was asked in vain. */
const rankOf = (policy: PolicyTrace, deciding: string | undefined): number =>
  (policy.id === deciding ? 4 : 0) + (policy.applies ? 2 : 0) + (policy.outcome === "unknown" ? 1 : 0);

function Verdict({ answer }: { answer: Explanation }) {
  const { t, locale } = useWords();
  const { allowed, decidedBy, reason, field } = answer;
  const access = field?.access;
  const isRedacted = allowed && typeof access === "object";
  const isAbsent = allowed && access === "absent";
  const tone: MarkTone = isRedacted ? "warn" : allowed && !isAbsent ? "good" : "bad";
  const word = isRedacted ? "redacted" : isAbsent ? "absent" : allowed ? "allowed" : "denied";
  return (
    <div className="verdict" role="status">
      <Mark tone={tone}>{t(`access.answer.${word}`)}</Mark>
      {typeof access === "object" && isRedacted && <span>{t(`access.mask.${access.redact}`)}</span>}
      {decidedBy ? (
        <span>
          {t(allowed || reason === "denied" ? "access.answer.decidedBy" : "access.answer.couldAllow")}{" "}
          <Link to={accessAddress.policy(decidedBy.id)}>{titleOf(decidedBy.title, locale)}</Link>
          {decidedBy.contact !== undefined && ` · ${t("access.answer.ask", { contact: decidedBy.contact })}`}
        </span>
      ) : (
        <span>{t(`access.answer.reason.${reason}`)}</span>
      )}
    </div>
  );
}

interface PolicyProps {
  readonly policy: PolicyTrace;
  readonly resource: string;
  readonly isDeciding: boolean;
}

function Policy({ policy, resource, isDeciding }: PolicyProps) {
  const { t, locale } = useWords();
  const catalog = useCatalog();
  const sections = policy.sections === "*" ? [] : policy.sections;
  return (
    <details className="policy-trace" open={isDeciding}>
      <summary>
        <Mark tone={policy.effect === "allow" ? "good" : "bad"}>{t(`access.effect.${policy.effect}`)}</Mark>
        <span>{titleOf(policy.title, locale)}</span>
        {sections.length > 0 && (
          <span className="quiet">{sections.map((section) => catalog.sectionWords(resource, section)).join(", ")}</span>
        )}
        <span className="grow" />
        <Mark tone={policy.applies ? "accent" : "neutral"}>
          {t(policy.applies ? "access.answer.applies" : "access.answer.noMatch")}
        </Mark>
      </summary>
      {policy.condition ? (
        <ul className="trace">
          <Trace trace={policy.condition} resource={resource} />
        </ul>
      ) : (
        <p className="quiet" style={{ margin: "6px 0" }}>
          {t("access.words.always")}
        </p>
      )}
    </details>
  );
}

const tones: Readonly<Record<Outcome, MarkTone>> = { true: "good", false: "neutral", unknown: "warn" };

function Trace({ trace, resource }: { trace: ConditionTrace; resource: string }) {
  const { t } = useWords();
  const catalog = useCatalog();
  return (
    <li>
      <div className="trace-row">
        <span>{traceInWords(trace, resource, catalog)}</span>
        <Mark tone={tones[trace.outcome]}>{t(`access.outcome.${trace.outcome}`)}</Mark>
        <span className="quiet">{actualWords(trace, resource, catalog)}</span>
      </div>
      {trace.of && (
        <ul className="trace">
          {trace.of.map((part) => (
            <Trace key={part.at} trace={part} resource={resource} />
          ))}
        </ul>
      )}
    </li>
  );
}

import { Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import type { ReplicaRecord } from "#contract";
import type { TypeDefinition } from "@kontor/shared/objects";
import { useDirectory } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import { useAccess } from "./AccessProvider.tsx";
import { formatUntil } from "./formatUntil.ts";
import type { AccessQuestion } from "./question.ts";
import { isAhead, useNow } from "./useNow.ts";
import { useReason } from "./useReason.ts";
import classes from "./access.module.css";

/** On hover and on focus alike: whoever does not use a mouse is told the same. */
const ON = { hover: true, focus: true, touch: true } as const;

export function ReasonTooltip(props: { readonly reason: string | undefined; readonly children: ReactNode }) {
  return (
    <Tooltip label={props.reason ?? ""} disabled={!props.reason} events={ON} multiline maw={340}>
      {props.children}
    </Tooltip>
  );
}

/** What is shown and cannot be changed: its reason on hover and focus, the whole story on click or Enter. */
export function WithReason(props: {
  readonly record: ReplicaRecord;
  readonly question: AccessQuestion;
  readonly short: string;
  readonly name: string;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}) {
  const { t } = useWords();
  const { ask } = useAccess();
  const { reasonFor } = useReason();
  return (
    <ReasonTooltip reason={reasonFor(props.record, props.question, props.short)}>
      <button
        type="button"
        className={props.className}
        aria-label={`${props.name}. ${t("access.whyOf", { what: props.short })}`}
        onClick={() => ask(props.question)}
      >
        {props.children}
      </button>
    </ReasonTooltip>
  );
}

/** A quiet line for each section of which this reader sees nothing: that it is there stands in the type. */
export function HiddenSections({ record, type }: { readonly record: ReplicaRecord; readonly type: TypeDefinition }) {
  const { t, label } = useWords();
  const { ask } = useAccess();
  const { reasonFor } = useReason();
  const hidden = type.sections.filter(({ key }) => record.can.hidden?.includes(key));
  if (hidden.length === 0) return null;
  return (
    <ul className={classes.hidden}>
      {hidden.map(({ key, label: name }) => {
        const question = { type: type.name, recordId: record.id, act: "read", section: key };
        const words = t("access.hiddenSection", { section: label(name) });
        return (
          <li key={key}>
            {words}{" "}
            <ReasonTooltip reason={reasonFor(record, question, "").trim()}>
              <button
                type="button"
                className={classes.why}
                aria-label={t("access.whyOf", { what: label(name) })}
                onClick={() => ask(question)}
              >
                {t("access.why")}
              </button>
            </ReasonTooltip>
          </li>
        );
      })}
    </ul>
  );
}

/** What is open only for a time says so, and until when. */
export function OpenUntil({ record, type }: { readonly record: ReplicaRecord; readonly type: TypeDefinition }) {
  const { t, label, locale } = useWords();
  const { requests } = useAccess();
  const { myId, personName } = useDirectory();
  const now = useNow();
  const grants = requests.filter(
    ({ grant, recordId, requester, state }) =>
      recordId === record.id && requester === myId && state === "granted" && isAhead(grant?.until, now),
  );
  return grants.map(({ id, grant, answeredBy }) => {
    const sections = type.sections.filter(({ key }) => grant?.sections.includes(key));
    const params = {
      until: formatUntil(grant?.until ?? "", locale),
      name: personName(answeredBy) ?? t("objects.somebody"),
    };
    const isWhole = sections.length === type.sections.length;
    const names = sections.map((section) => label(section.label)).join(", ");
    return (
      <p key={id} className={classes.openUntil}>
        {isWhole ? t("access.openUntil", params) : t("access.openSections", { ...params, sections: names })}
      </p>
    );
  });
}

/** In place of a record that cannot be seen; whether there is one is not said (VIS-3). */
export function NotVisible({ type, recordId }: { readonly type: string; readonly recordId: string }) {
  const { t } = useWords();
  const { ask } = useAccess();
  return (
    <span className={classes.notVisible}>
      {t("access.notVisible")}{" "}
      <button
        type="button"
        className={classes.why}
        aria-label={t("access.whyOf", { what: t("access.notVisible") })}
        onClick={() => ask({ type, recordId, act: "read" })}
      >
        {t("access.why")}
      </button>
    </span>
  );
}

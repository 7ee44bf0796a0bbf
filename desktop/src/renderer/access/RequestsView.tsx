import { Button, Text, Textarea } from "@mantine/core";
import { modals } from "@mantine/modals";
import { useState, type FormEvent } from "react";
import type { IssueItem, ReplicaAccessRequest, ReplicaRecord } from "#contract";
import { grantLimits, type GrantLevel } from "@kontor/shared/access";
import { fieldsOfSection, type TypeDefinition } from "@kontor/shared/objects";
import { go } from "../app/route.ts";
import { useItems } from "../outbox/useItems.ts";
import { useDirectory, useReplica, useRow, useTypes } from "../replica/index.ts";
import { Avatar, Empty, StateBadge, Time } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import outbox from "../outbox/outbox.module.css";
import { useAccess } from "./AccessProvider.tsx";
import { formatUntil } from "./formatUntil.ts";
import { grantable } from "./grantable.ts";
import { ScopeFields, type Scope } from "./ScopeFields.tsx";
import { untilMoment } from "./until.ts";
import { isAhead, useNow } from "./useNow.ts";
import { useRefusalWords } from "./useRefusalWords.ts";
import classes from "./access.module.css";

/** Answered ones stay in sight for so long; the audit log keeps them. */
const SHOWN_DAYS = 30;

/** Requests of others that wait for an answer, one's own, and what was answered lately. */
export function RequestsView() {
  const { t } = useWords();
  const { requests } = useAccess();
  const { myId } = useDirectory();
  const issues = useItems("issues.list");
  const now = useNow();
  const since = new Date(now - SHOWN_DAYS * 86_400_000).toISOString();
  const isRunning = ({ grant, state }: ReplicaAccessRequest) => state === "granted" && isAhead(grant?.until, now);
  const toAnswer = requests.filter(({ requester, state }) => requester !== myId && state === "open");
  const mine = requests.filter((each) => each.requester === myId && (isRunning(each) || each.createdAt > since));
  const answered = requests.filter(
    (each) => each.requester !== myId && each.state !== "open" && (isRunning(each) || (each.answeredAt ?? "") > since),
  );
  const groups = [
    { key: "toAnswer", title: t("access.view.toAnswer"), list: toAnswer },
    { key: "mine", title: t("access.view.mine"), list: mine },
    { key: "answered", title: t("access.view.answered"), list: answered },
  ].filter(({ list }) => list.length > 0);
  return (
    <section className={outbox.view} aria-label={t("access.place")} data-region="requests">
      <header className={outbox.head}>
        <h1>{t("access.place")}</h1>
        <p>{t("access.view.text")}</p>
      </header>
      <div className={outbox.scroll}>
        {groups.length === 0 && <Empty title={t("access.view.empty")} />}
        <div className={classes.list}>
          {groups.map(({ key, list, title }) => (
            <div key={key}>
              <h2>{title}</h2>
              {list.map((request) => (
                <Request
                  key={request.id}
                  request={request}
                  issue={issues?.find(({ name, rowId }) => rowId === request.id && name !== "access.request")}
                />
              ))}
            </div>
          ))}
        </div>
      </div>
    </section>
  );
}

function Request({
  request,
  issue,
}: {
  readonly request: ReplicaAccessRequest;
  readonly issue: IssueItem | undefined;
}) {
  const { t, label, locale } = useWords();
  const { call } = useReplica();
  const { myId, personName } = useDirectory();
  const types = useTypes();
  const record = useRow("records", request.recordId);
  const refusalWords = useRefusalWords();
  const [answering, setAnswering] = useState<"grant" | "refuse">();
  const now = useNow();
  const type = types.of(request.type);
  const isMine = request.requester === myId;
  const name = personName(request.requester) ?? t("objects.somebody");
  const asks = isMine
    ? t(request.level === "edit" ? "access.view.youAskEdit" : "access.view.youAsk")
    : t(request.level === "edit" ? "access.view.asksEdit" : "access.view.asks", { name });
  const sections = (request.grant?.sections ?? request.sections ?? [])
    .map((key) => type?.sections.find((section) => section.key === key))
    .flatMap((section) => (section ? [label(section.label)] : []));
  const parts = [
    sections.length > 0 ? sections.join(", ") : t("access.view.whole"),
    t("access.view.until", { until: formatUntil(request.until, locale) }),
  ];
  const isRunning = request.state === "granted" && isAhead(request.grant?.until, now);
  const mayEnd = isRunning && (isMine || request.answeredBy === myId);
  const isUnanswered = request.state === undefined || request.state === "open";

  const end = () =>
    modals.openConfirmModal({
      title: t("access.view.endTitle"),
      children: <Text size="sm">{t("access.view.endText")}</Text>,
      labels: { confirm: t("access.view.end"), cancel: t("app.cancel") },
      confirmProps: { color: "red", variant: "filled" },
      onConfirm: () => void call("access.endGrant", { id: request.id }),
    });

  return (
    <article className={classes.request} aria-label={`${asks}: ${record?.title ?? parts.join(", ")}`}>
      <div className={classes.requestHead}>
        <Avatar id={request.requester} name={name} size={24} />
        <h3>{asks}</h3>
        <State request={request} isMine={isMine} />
        <Text size="xs" c="dimmed">
          <Time at={request.createdAt} />
        </Text>
      </div>
      <p className={classes.requestAbout}>
        <About record={record ?? undefined} type={type} /> · {parts.join(" · ")}
      </p>
      <p className={classes.requestWhy}>{request.why}</p>
      {request.answer && (
        <p className={classes.requestWhy}>
          {t("access.answerBy", {
            name: personName(request.answeredBy) ?? t("objects.somebody"),
            answer: request.answer,
          })}
        </p>
      )}
      {issue && (
        <p className={classes.bad} role="alert">
          {t("access.view.refusedNow", { reason: refusalWords(issue, type) })}
        </p>
      )}
      {answering && type ? (
        <Answer
          request={request}
          record={record ?? undefined}
          type={type}
          how={answering}
          issue={issue}
          close={() => setAnswering(undefined)}
        />
      ) : (
        <div className={classes.buttons}>
          {!isMine && isUnanswered && (
            <>
              <Button variant="filled" disabled={!record} onClick={() => setAnswering("grant")}>
                {t("access.view.grant")}
              </Button>
              <Button onClick={() => setAnswering("refuse")}>{t("access.view.refuse")}</Button>
              {!record && <span className={classes.source}>{t("access.view.notYours")}</span>}
            </>
          )}
          {isMine && isUnanswered && (
            <Button onClick={() => void call("access.withdrawRequest", { id: request.id })}>
              {t("access.view.withdraw")}
            </Button>
          )}
          {mayEnd && <Button onClick={end}>{t("access.view.end")}</Button>}
        </div>
      )}
    </article>
  );
}

function About({
  record,
  type,
}: {
  readonly record: ReplicaRecord | undefined;
  readonly type: TypeDefinition | undefined;
}) {
  const { t, label } = useWords();
  if (!record) return t("access.view.unseen", { type: type ? label(type.label) : t("objects.unknownType") });
  return (
    <button
      type="button"
      className={classes.person}
      onClick={() => go({ at: "objects", type: record.type, id: record.id })}
    >
      {[type && label(type.label), record.number, record.title].filter(Boolean).join(" ")}
    </button>
  );
}

function State({ request, isMine }: { readonly request: ReplicaAccessRequest; readonly isMine: boolean }) {
  const { t, locale } = useWords();
  const now = useNow();
  const until = formatUntil(request.grant?.until ?? "", locale);
  if (request.pending > 0) return <StateBadge tone="warn">{t("access.state.unsent")}</StateBadge>;
  switch (request.state) {
    case "granted":
      return isAhead(request.grant?.until, now) ? (
        <StateBadge tone="good">{t("access.state.granted", { until })}</StateBadge>
      ) : (
        <StateBadge tone="neutral">{t("access.state.over", { until })}</StateBadge>
      );
    case "refused":
      return <StateBadge tone="bad">{t("access.state.refused")}</StateBadge>;
    case "ended":
      return <StateBadge tone="neutral">{t("access.state.ended")}</StateBadge>;
    default:
      return <StateBadge tone="accent">{t(isMine ? "access.state.sent" : "access.state.open")}</StateBadge>;
  }
}

/** What is asked can be narrowed here, and not widened; what the answerer does not see cannot be chosen. */
function Answer(props: {
  readonly request: ReplicaAccessRequest;
  readonly record: ReplicaRecord | undefined;
  readonly type: TypeDefinition;
  readonly how: "grant" | "refuse";
  readonly issue: IssueItem | undefined;
  readonly close: () => void;
}) {
  const { t, label } = useWords();
  const { call } = useReplica();
  const { personName } = useDirectory();
  const { close, how, issue, record, request, type } = props;
  const levels: readonly GrantLevel[] = request.level === "edit" ? ["read", "edit"] : ["read"];
  const [answer, setAnswer] = useState("");
  const [problem, setProblem] = useState<string>();
  const asked = type.sections.filter(
    ({ key }) => fieldsOfSection(type, key).length > 0 && (request.sections?.includes(key) ?? true),
  );
  const may = (level: GrantLevel, key: string) => record !== undefined && grantable(record, type, key, level);
  const first: GrantLevel = levels.includes("edit") && asked.some(({ key }) => may("edit", key)) ? "edit" : "read";
  const [scope, setScope] = useState<Scope>({
    level: first,
    sections: asked.map(({ key }) => key).filter((key) => may(first, key)),
    until: { choice: "date", day: localDay(request.until) },
  });
  const name = personName(request.requester) ?? t("objects.somebody");
  const isGrant = how === "grant";

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    const words = answer.trim() === "" ? {} : { answer: answer.trim() };
    if (issue) await call("issues.discard", { mid: issue.mid });
    if (!isGrant) {
      await call("access.refuse", { id: request.id, ...words });
      return close();
    }
    const until = untilMoment(scope.until);
    const sections = scope.sections.filter((key) => may(scope.level, key));
    if (sections.length === 0) return setProblem(t("access.form.needSection"));
    if (until === undefined) return setProblem(t("access.form.needDay"));
    await call("access.grant", { id: request.id, level: scope.level, sections, until, ...words });
    close();
  }

  return (
    <form className={classes.form} onSubmit={(event) => void send(event)}>
      {isGrant && (
        <ScopeFields
          scope={{ ...scope, sections: scope.sections.filter((key) => may(scope.level, key)) }}
          change={(next) => {
            setScope(next);
            setProblem(undefined);
          }}
          levels={levels}
          sections={asked.map(({ key, label: title }) => ({
            key,
            name: label(title),
            disabled: !may(scope.level, key),
          }))}
          problem={problem}
        />
      )}
      {isGrant && asked.some(({ key }) => !may(scope.level, key)) && (
        <p className={classes.source}>{t("access.view.notYours")}</p>
      )}
      <Textarea
        label={t("access.view.answer", { name })}
        description={t("access.view.answerHint", { name })}
        value={answer}
        maxLength={grantLimits.wordsLength}
        autosize
        minRows={1}
        autoFocus={!isGrant}
        onChange={(event) => setAnswer(event.currentTarget.value)}
      />
      <div className={classes.buttons}>
        <Button onClick={close}>{t("app.cancel")}</Button>
        <Button type="submit" variant="filled" {...(isGrant ? {} : { color: "red" })}>
          {t(isGrant ? "access.view.confirmGrant" : "access.view.confirmRefuse")}
        </Button>
      </div>
    </form>
  );
}

const localDay = (iso: string): string => {
  const end = new Date(iso);
  return `${end.getFullYear()}-${String(end.getMonth() + 1).padStart(2, "0")}-${String(end.getDate()).padStart(2, "0")}`;
};

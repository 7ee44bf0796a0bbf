import { Button, SegmentedControl } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { call } from "../../api/api.ts";
import { go, usePlace } from "../../app/route.ts";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import { useCatalog, useMeeting } from "../catalog.tsx";
import { accessAddress } from "../routes.ts";
import { AnswerDialog } from "./AnswerDialog.tsx";
import "./grants.css";
import { requestStates, type Answering, type RequestRow, type RequestsReply, type RequestState } from "./requests.ts";

const PAGE = "100";

/** Who asked for access to which record, and what was granted for a time. */
export function GrantsPage() {
  const { t } = useWords();
  const wanted = usePlace().query.get("state");
  const state = requestStates.find((one) => one === wanted) ?? "granted";
  return (
    <>
      <div className="page-head">
        <h1>{t("access.view.grants")}</h1>
        <span className="grow" />
        <SegmentedControl
          size="xs"
          aria-label={t("access.grants.state")}
          value={state}
          data={requestStates.map((value) => ({ value, label: t(`access.grants.state.${value}`) }))}
          onChange={(value) => go(accessAddress.view("grants", { state: value }), { replace: true })}
        />
      </div>
      <div className="page-body">
        <Requests key={state} state={state} />
      </div>
    </>
  );
}

function Requests({ state }: { state: RequestState }) {
  const { t, time } = useWords();
  const catalog = useCatalog();
  const panel = useRef<HTMLElement>(null);
  const opener = useRef<HTMLElement>(null);
  const [answering, setAnswering] = useState<Answering>();
  const close = () => {
    setAnswering(undefined);
    // the row with the button is gone when it was answered
    requestAnimationFrame(() => (opener.current?.isConnected ? opener : panel).current?.focus());
  };
  const found = useInfiniteQuery({
    queryKey: ["access", "requests", state],
    initialPageParam: "",
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({ limit: PAGE, ...(pageParam ? { before: pageParam } : {}) });
      if (state !== "granted") query.set("state", state);
      return call<RequestsReply>("GET", `/access/${state === "granted" ? "grants" : "requests"}?${query}`);
    },
    getNextPageParam: (page) => page.next,
  });
  const rows = found.data?.pages.flatMap((page) => page.requests) ?? [];
  useMeeting(rows);
  const name = (id: string | undefined) => (id === undefined ? "" : catalog.valueWords(id));
  const levelOf = ({ level, grant, type, sections }: RequestRow) =>
    [
      catalog.actionWords(type, grant?.level ?? level),
      ...(grant?.sections ?? sections ?? []).map((section) => catalog.sectionWords(type, section)),
    ].join(" · ");
  const answerColumn: Column<RequestRow> = {
    key: "answer",
    title: t("access.grants.answer"),
    text: ({ answer = "", answeredBy }) => [name(answeredBy), answer].filter(Boolean).join(": "),
  };
  const columns: readonly Column<RequestRow>[] = [
    { key: "who", title: t("access.person"), text: ({ requester }) => name(requester) },
    {
      key: "record",
      title: t("access.explain.record"),
      text: ({ title, type }) => `${catalog.typeWords(type)}: ${title ?? t("access.grants.unseen")}`,
    },
    { key: "level", title: t("access.grants.level"), text: levelOf },
    {
      key: "until",
      title: t("access.grants.until"),
      text: ({ grant, until }) => grant?.until ?? until,
      show: ({ grant, until }) => time(grant?.until ?? until),
    },
    { key: "why", title: t("access.grants.why"), text: ({ why }) => why },
    {
      key: "asked",
      title: t("access.grants.asked"),
      text: ({ createdAt }) => createdAt,
      show: ({ createdAt }) => time(createdAt),
    },
    ...(state === "open" ? [] : [answerColumn]),
  ];
  if (found.error) return <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />;
  if (found.isLoading) {
    return (
      <p className="quiet" role="status">
        {t("app.loading")}
      </p>
    );
  }
  return (
    <section ref={panel} className="panel" tabIndex={-1} aria-label={t(`access.grants.state.${state}`)}>
      <DataTable
        name={`access-${state}`}
        rows={rows}
        columns={columns}
        idOf={({ id }) => id}
        {...(state === "granted" && { actions: (row: RequestRow) => <EndButton row={row} /> })}
        {...(state === "open" && {
          actions: (row: RequestRow) => (
            <AnswerButtons
              row={row}
              onAnswer={(next, button) => {
                opener.current = button;
                setAnswering(next);
              }}
            />
          ),
        })}
      />
      {found.hasNextPage && (
        <Button mt={10} loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t("people.more")}
        </Button>
      )}
      {answering && <AnswerDialog {...answering} onClose={close} />}
    </section>
  );
}

interface AnswerButtonsProps {
  readonly row: RequestRow;
  readonly onAnswer: (answering: Answering, button: HTMLElement) => void;
}

function AnswerButtons({ row, onAnswer }: AnswerButtonsProps) {
  const { t } = useWords();
  const name = useCatalog().valueWords(row.requester);
  return (
    <span className="row-buttons">
      {(["grant", "refuse"] as const).map((how) => (
        <Button
          key={how}
          size="compact-xs"
          aria-label={`${t(`access.grants.${how}`)} ${name}`}
          onClick={({ currentTarget }) => onAnswer({ request: row, how }, currentTarget)}
        >
          {t(`access.grants.${how}`)}
        </Button>
      ))}
    </span>
  );
}

function EndButton({ row }: { row: RequestRow }) {
  const { t } = useWords();
  const { confirm } = useAct();
  const name = useCatalog().valueWords(row.requester);
  const end = () =>
    confirm({
      title: t("access.grants.end"),
      words: t("access.grants.end.ask", { name, record: row.title ?? t("access.grants.unseen") }),
      run: async () => {
        await call("DELETE", `/access/grants/${row.id}`);
        return t("access.grants.ended");
      },
    });
  return (
    <Button size="compact-xs" onClick={end}>
      {t("access.grants.end")}
    </Button>
  );
}

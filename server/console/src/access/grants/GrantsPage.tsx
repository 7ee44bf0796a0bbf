import { Button, SegmentedControl } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { call } from "../../api/api.ts";
import { go, usePlace } from "../../app/route.ts";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import { useCatalog, useMeeting } from "../catalog.tsx";
import { accessAddress } from "../routes.ts";

type State = "open" | "granted" | "refused" | "ended";
interface RequestRow {
  readonly id: string;
  readonly requester: string;
  readonly recordId: string;
  readonly type: string;
  readonly title?: string;
  readonly level: string;
  readonly sections?: readonly string[];
  readonly until: string;
  readonly why: string;
  readonly createdAt: string;
  readonly state: State;
  readonly answer?: string;
  readonly answeredBy?: string;
  readonly grant?: { readonly level: string; readonly sections: readonly string[]; readonly until: string };
}
interface RequestsReply {
  readonly requests: readonly RequestRow[];
  readonly next?: string;
}
const states = ["open", "granted", "refused", "ended"] as const;
const PAGE = "100";

/** Who asked for access to which record, and what was granted for a time. */
export function GrantsPage() {
  const { t } = useWords();
  const wanted = usePlace().query.get("state");
  const state = states.find((one) => one === wanted) ?? "granted";
  return (
    <>
      <div className="page-head">
        <h1>{t("access.view.grants")}</h1>
        <span className="grow" />
        <SegmentedControl
          size="xs"
          aria-label={t("access.grants.state")}
          value={state}
          data={states.map((value) => ({ value, label: t(`access.grants.state.${value}`) }))}
          onChange={(value) => go(accessAddress.view("grants", { state: value }), { replace: true })}
        />
      </div>
      <div className="page-body">
        <section className="panel" aria-label={t(`access.grants.state.${state}`)}>
          <Requests key={state} state={state} />
        </section>
      </div>
    </>
  );
}

function Requests({ state }: { state: State }) {
  const { t, time } = useWords();
  const { confirm } = useAct();
  const catalog = useCatalog();
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
    {
      key: "answer",
      title: t("access.grants.answer"),
      text: ({ answer = "", answeredBy }) => [name(answeredBy), answer].filter(Boolean).join(": "),
    },
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
    <>
      <DataTable
        name={`access-${state}`}
        rows={rows}
        columns={columns}
        idOf={({ id }) => id}
        {...(state === "granted" && {
          actions: (row: RequestRow) => (
            <Button
              size="compact-xs"
              onClick={() =>
                confirm({
                  title: t("access.grants.end"),
                  words: t("access.grants.end.ask", {
                    name: name(row.requester),
                    record: row.title ?? t("access.grants.unseen"),
                  }),
                  run: async () => {
                    await call("DELETE", `/access/grants/${row.id}`);
                    return t("access.grants.ended");
                  },
                })
              }
            >
              {t("access.grants.end")}
            </Button>
          ),
        })}
      />
      {found.hasNextPage && (
        <Button mt={10} loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t("people.more")}
        </Button>
      )}
    </>
  );
}

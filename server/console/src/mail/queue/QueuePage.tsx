import { Button, Checkbox, Select, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { labelIn } from "@kontor/shared/base";
import { deliveryReasonWords, readAnswer } from "@kontor/shared/mail";
import { call } from "../../api/api.ts";
import { go, usePlace } from "../../app/route.ts";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { MoreRows } from "../../ui/MoreRows.tsx";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import { bytesIn } from "../bytes.ts";
import { queueStates, type QueueAct, type QueuePage as PageOfQueue, type QueueRow } from "../mail.api.ts";
import { mailAddress } from "../routes.ts";
import { StateMark, type Tone } from "../StateMark.tsx";

const PAGE = 100;
const TYPING_MS = 250;
const REFRESH_MS = 5_000;
const HOUR_S = 3_600;
const filters = ["open", ...queueStates] as const;
const tones: Readonly<Record<QueueRow["state"], Tone>> = {
  waiting: "quiet",
  delayed: "warn",
  sending: "quiet",
  held: "warn",
  delivered: "good",
  relayed: "good",
  failed: "bad",
  cancelled: "quiet",
};
/** What can still be steered; the rest has left or is just leaving. */
const isOpen = ({ state }: QueueRow): boolean => state === "waiting" || state === "delayed" || state === "held";

/** What leaves for other servers, and what became of what left. */
export function QueuePage() {
  const { t, number } = useWords();
  const { act, confirm } = useAct();
  const { query } = usePlace();
  const filter = { state: query.get("state") ?? "open", search: query.get("search") ?? "" };
  const [search] = useDebouncedValue(filter.search, TYPING_MS);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const asked = new URLSearchParams({ state: filter.state, ...(search && { search }) }).toString();
  const pages = useInfiniteQuery({
    queryKey: ["mail-queue", asked],
    initialPageParam: "",
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
    queryFn: ({ pageParam }) =>
      call<PageOfQueue>("GET", `/admin/mail/queue?limit=${PAGE}&${asked}${pageParam && `&before=${pageParam}`}`),
    getNextPageParam: (page) => page.next,
  });
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  const counts = pages.data?.pages[0]?.counts;
  const ids = rows.filter((row) => isOpen(row) && chosen.has(row.id)).map(({ id }) => id);

  const ageWords = (seconds: number): string => {
    if (seconds < 2 * HOUR_S) return t("mail.queue.minutes", { count: Math.ceil(seconds / 60) });
    return t("mail.queue.hours", { count: Math.round(seconds / HOUR_S) });
  };

  const change = (changes: Partial<typeof filter>) => {
    setChosen(new Set());
    const { state, search: words } = { ...filter, ...changes };
    go(mailAddress("queue", { state: state === "open" ? "" : state, search: words }), { replace: true });
  };

  const run = async (name: QueueAct) => {
    const { changed } = await call<{ changed: number }>("POST", `/admin/mail/queue/${name}`, { ids });
    setChosen(new Set());
    return t(`mail.queue.did.${name}`, { count: changed });
  };

  return (
    <>
      <div className="page-head">
        <h1>{t("mail.queue.title")}</h1>
        <span className="quiet">{t("mail.queue.lead")}</span>
      </div>
      <div className="page-body">
        {counts && (
          <section className="panel" aria-label={t("mail.queue.counts")}>
            <dl style={{ display: "flex", gap: 36, margin: 0, flexWrap: "wrap" }}>
              {(["waiting", "delayed", "sending", "held"] as const).map((state) => (
                <div key={state}>
                  <dd style={{ margin: 0, fontSize: 22, fontWeight: 640 }}>{number(counts[state])}</dd>
                  <dt className="quiet">{t(`mail.queue.state.${state}`)}</dt>
                </div>
              ))}
              {counts.oldestSeconds > 0 && (
                <div>
                  <dd style={{ margin: 0, fontSize: 22, fontWeight: 640 }}>{ageWords(counts.oldestSeconds)}</dd>
                  <dt className="quiet">{t("mail.queue.oldest")}</dt>
                </div>
              )}
            </dl>
          </section>
        )}
        <section className="panel">
          <form
            aria-label={t("mail.queue.filters")}
            onSubmit={(event) => event.preventDefault()}
            style={{ display: "flex", flexWrap: "wrap", gap: 8, alignItems: "end", marginBottom: 12 }}
          >
            <Select
              size="xs"
              w={170}
              label={t("mail.queue.state")}
              data={filters.map((value) => ({ value, label: t(`mail.queue.state.${value}`) }))}
              allowDeselect={false}
              value={filter.state}
              onChange={(state) => change({ state: state ?? "open" })}
            />
            <TextInput
              size="xs"
              w={240}
              label={t("mail.queue.search")}
              maxLength={200}
              value={filter.search}
              onChange={(event) => change({ search: event.currentTarget.value })}
            />
            <span className="grow" />
            <Button disabled={ids.length === 0} onClick={() => void act(() => run("retry"))}>
              {t("mail.queue.retry")}
            </Button>
            <Button disabled={ids.length === 0} onClick={() => void act(() => run("hold"))}>
              {t("mail.queue.hold")}
            </Button>
            <Button
              color="red"
              disabled={ids.length === 0}
              onClick={() =>
                confirm({
                  title: t("mail.queue.cancel"),
                  words: t("mail.queue.cancel.ask", { count: ids.length }),
                  run: () => run("cancel"),
                })
              }
            >
              {t("mail.queue.cancel")}
            </Button>
          </form>
          {pages.error && <ProblemAlert error={pages.error} onRetry={() => void pages.refetch()} />}
          {rows.length > 0 && <Rows rows={rows} chosen={chosen} onChoose={setChosen} />}
          {!pages.isPending && rows.length === 0 && !pages.error && <p className="quiet">{t("mail.queue.none")}</p>}
          <MoreRows pages={pages} count={rows.length} />
        </section>
      </div>
    </>
  );
}

function Rows({
  rows,
  chosen,
  onChoose,
}: {
  readonly rows: readonly QueueRow[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
}) {
  const { t, locale, time } = useWords();
  const open = rows.filter(isOpen);
  const all = open.length > 0 && open.every(({ id }) => chosen.has(id));
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChoose(next);
  };
  return (
    <Table.ScrollContainer minWidth={860}>
      <Table verticalSpacing={6} aria-label={t("mail.queue.title")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={36}>
              <Checkbox
                size="xs"
                aria-label={t("mail.queue.all")}
                disabled={open.length === 0}
                checked={all}
                indeterminate={!all && open.some(({ id }) => chosen.has(id))}
                onChange={() => onChoose(new Set(all ? [] : open.map(({ id }) => id)))}
              />
            </Table.Th>
            <Table.Th>{t("mail.queue.recipient")}</Table.Th>
            <Table.Th w={120}>{t("mail.queue.state")}</Table.Th>
            <Table.Th>{t("mail.queue.reply")}</Table.Th>
            <Table.Th w={210}>{t("mail.queue.when")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.id}>
              <Table.Td>
                {isOpen(row) && (
                  <Checkbox
                    size="xs"
                    aria-label={t("mail.queue.choose", { recipient: row.recipient })}
                    checked={chosen.has(row.id)}
                    onChange={() => toggle(row.id)}
                  />
                )}
              </Table.Td>
              <Table.Td style={{ overflowWrap: "anywhere", minWidth: 230 }}>
                <b style={{ fontWeight: 560 }}>{row.recipient}</b>
                <div className="quiet">
                  {row.sender === "" ? t("mail.queue.notice") : t("mail.queue.from", { sender: row.sender })} ·{" "}
                  {bytesIn(locale, row.size)}
                  {row.route === "account" && ` · ${t("mail.queue.account")}`}
                </div>
              </Table.Td>
              <Table.Td>
                <StateMark tone={tones[row.state]}>{t(`mail.queue.state.${row.state}`)}</StateMark>
              </Table.Td>
              <Table.Td className="quiet" style={{ overflowWrap: "anywhere" }}>
                {row.reply === null ? "–" : <Answer reply={row.reply} state={row.state} />}
                {row.attempts > 0 && <div>{t("mail.queue.attempts", { count: row.attempts })}</div>}
              </Table.Td>
              <Table.Td className="quiet">
                {time(row.queuedAt)}
                {row.nextAt !== null && <div>{t("mail.queue.next", { when: time(row.nextAt) })}</div>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** Why it has not arrived, in the reader's words; and what the far server said, in its own. */
function Answer({ reply, state }: Pick<QueueRow, "state"> & { readonly reply: string }) {
  const { locale } = useWords();
  const isTaken = state === "delivered" || state === "relayed";
  const { reason, said } = readAnswer(reply, { isOver: state === "failed" });
  if (isTaken) return reply;
  return (
    <>
      {labelIn(deliveryReasonWords[reason], locale)}
      {said !== undefined && (
        <div>
          <q>{said}</q>
        </div>
      )}
    </>
  );
}

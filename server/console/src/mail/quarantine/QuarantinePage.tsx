import { Button, Table } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { call } from "../../api/api.ts";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { MoreRows } from "../../ui/MoreRows.tsx";
import { useAct } from "../../ui/useAct.ts";
import { en } from "../../words/en.ts";
import { useWords, type WordKey } from "../../words/words.ts";
import { bytesIn } from "../bytes.ts";
import type { QuarantineRow } from "../mail.api.ts";

interface PageOfQuarantine {
  readonly rows: readonly QuarantineRow[];
  readonly next?: string;
}

/** What came in and could not be laid into a mailbox. */
export function QuarantinePage() {
  const { t } = useWords();
  const pages = useInfiniteQuery({
    queryKey: ["mail-quarantine"],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      call<PageOfQuarantine>("GET", `/admin/mail/quarantine?limit=100${pageParam && `&before=${pageParam}`}`),
    getNextPageParam: (page) => page.next,
  });
  const rows = pages.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <>
      <div className="page-head">
        <h1>{t("mail.quarantine.title")}</h1>
        <span className="quiet">{t("mail.quarantine.lead")}</span>
      </div>
      <div className="page-body">
        <section className="panel">
          {pages.error && <ProblemAlert error={pages.error} onRetry={() => void pages.refetch()} />}
          {rows.length > 0 && <Rows rows={rows} />}
          {!pages.isPending && rows.length === 0 && !pages.error && (
            <p className="quiet">{t("mail.quarantine.none")}</p>
          )}
          <MoreRows pages={pages} count={rows.length} />
        </section>
      </div>
    </>
  );
}

function Rows({ rows }: { readonly rows: readonly QuarantineRow[] }) {
  const { t, locale, time } = useWords();
  const { act, confirm } = useAct();
  const why = ({ reason }: QuarantineRow): string =>
    `mail.quarantine.why.${reason}` in en
      ? t(`mail.quarantine.why.${reason}` as WordKey)
      : t("mail.quarantine.why.unreadable");
  return (
    <Table.ScrollContainer minWidth={860}>
      <Table verticalSpacing={6} aria-label={t("mail.quarantine.title")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("mail.quarantine.from")}</Table.Th>
            <Table.Th>{t("mail.quarantine.why")}</Table.Th>
            <Table.Th w={150}>{t("mail.quarantine.when")}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.id}>
              <Table.Td style={{ overflowWrap: "anywhere" }}>
                <b style={{ fontWeight: 560 }}>{row.from === "" ? t("mail.queue.notice") : row.from}</b>
                <div className="quiet">
                  {t("mail.quarantine.to", { recipients: row.recipients.join(", ") })} · {bytesIn(locale, row.size)}
                  {row.ip && ` · ${row.ip}`}
                </div>
              </Table.Td>
              <Table.Td>
                {why(row)}
                {row.message && row.reason !== "noRecipient" && (
                  <div className="quiet" style={{ overflowWrap: "anywhere" }}>
                    {row.message}
                  </div>
                )}
              </Table.Td>
              <Table.Td className="quiet">{time(row.receivedAt)}</Table.Td>
              <Table.Td style={{ textAlign: "right", whiteSpace: "nowrap" }}>
                <span style={{ display: "inline-flex", gap: 6 }}>
                  <Button
                    size="compact-xs"
                    aria-label={`${t("mail.quarantine.release")}: ${row.from}`}
                    onClick={() =>
                      void act(async () => {
                        await call("POST", `/admin/mail/quarantine/${row.id}/release`);
                        return t("mail.quarantine.released");
                      })
                    }
                  >
                    {t("mail.quarantine.release")}
                  </Button>
                  <Button
                    size="compact-xs"
                    component="a"
                    href={`/api/admin/mail/quarantine/${row.id}/raw`}
                    download={`${row.id}.eml`}
                    aria-label={`${t("mail.quarantine.download")}: ${row.from}`}
                  >
                    {t("mail.quarantine.download")}
                  </Button>
                  <Button
                    size="compact-xs"
                    color="red"
                    aria-label={`${t("mail.quarantine.drop")}: ${row.from}`}
                    onClick={() =>
                      confirm({
                        title: t("mail.quarantine.drop"),
                        words: t("mail.quarantine.drop.ask", { from: row.from }),
                        run: async () => {
                          await call("DELETE", `/admin/mail/quarantine/${row.id}`);
                          return t("mail.quarantine.dropped");
                        },
                      })
                    }
                  >
                    {t("mail.quarantine.drop")}
                  </Button>
                </span>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

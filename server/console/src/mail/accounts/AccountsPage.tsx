import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { AccountReason, AccountState } from "@kontor/shared/mail";
import { call } from "../../api/api.ts";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useAct } from "../../ui/useAct.ts";
import { useWords } from "../../words/words.ts";
import { StateMark, type Tone } from "../StateMark.tsx";

interface Account {
  readonly id: string;
  readonly owner: string;
  readonly address: string;
  readonly host: string;
  readonly auth: "password" | "oauth";
  readonly failures: number;
  readonly messages: number;
  readonly pending: number;
  readonly state: AccountState["state"];
  readonly reason?: AccountReason;
  readonly message?: string;
  readonly retryAt?: string;
  readonly syncedAt?: string;
}

interface PageOfAccounts {
  readonly accounts: readonly Account[];
  readonly next?: string;
}

const tones: Readonly<Record<Account["state"], Tone>> = {
  connecting: "quiet",
  syncing: "good",
  ready: "good",
  waiting: "warn",
  needsSignIn: "bad",
  failed: "bad",
  off: "quiet",
};

/** Accounts that people have at providers: how they are going, and nothing of what lies in them. */
export function AccountsPage() {
  const { t } = useWords();
  const pages = useInfiniteQuery({
    queryKey: ["mail-accounts"],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      call<PageOfAccounts>("GET", `/admin/mail/accounts?limit=500${pageParam && `&after=${pageParam}`}`),
    getNextPageParam: (page) => page.next,
    refetchInterval: 10_000, // progress of a first filling is told every second; somebody who watches sees it move
  });
  const rows = pages.data?.pages.flatMap((page) => page.accounts) ?? [];
  return (
    <>
      <div className="page-head">
        <h1>{t("mail.accounts.title")}</h1>
        <span className="quiet">{t("mail.accounts.lead")}</span>
      </div>
      <div className="page-body">
        <section className="panel">
          {pages.error && <ProblemAlert error={pages.error} onRetry={() => void pages.refetch()} />}
          {rows.length > 0 && <Accounts rows={rows} />}
          {!pages.isPending && rows.length === 0 && !pages.error && <p className="quiet">{t("mail.accounts.none")}</p>}
          {pages.isPending && (
            <p className="quiet" role="status">
              {t("app.loading")}
            </p>
          )}
          {pages.hasNextPage && (
            <Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              {t("people.more")}
            </Button>
          )}
        </section>
      </div>
    </>
  );
}

function Accounts({ rows }: { readonly rows: readonly Account[] }) {
  const { t, number, time } = useWords();
  const { act } = useAct();
  const why = ({ reason }: Account): string => (reason === undefined ? "" : t(`mail.accounts.why.${reason}`));
  const columns: readonly Column<Account>[] = [
    {
      key: "account",
      title: t("mail.accounts.account"),
      text: ({ address, owner }) => `${address} ${owner}`,
      show: ({ address, owner, host }) => (
        <span style={{ overflowWrap: "anywhere" }}>
          <b style={{ fontWeight: 560 }}>{address}</b>
          <div className="quiet">
            {owner} · {host}
          </div>
        </span>
      ),
    },
    {
      key: "state",
      title: t("mail.accounts.state"),
      text: (row) => `${t(`mail.accounts.state.${row.state}`)} ${why(row)} ${row.message ?? ""}`,
      show: (row) => (
        <>
          <StateMark tone={tones[row.state]}>{t(`mail.accounts.state.${row.state}`)}</StateMark>
          {row.reason && (
            <div className="quiet" style={{ overflowWrap: "anywhere" }}>
              {why(row)}
              {row.message && ` · ${row.message}`}
            </div>
          )}
          {row.retryAt && <div className="quiet">{t("mail.accounts.again", { when: time(row.retryAt) })}</div>}
        </>
      ),
    },
    { key: "messages", title: t("mail.accounts.messages"), text: ({ messages }) => number(messages) },
    { key: "pending", title: t("mail.accounts.pending"), text: ({ pending }) => number(pending) },
    { key: "synced", title: t("mail.accounts.synced"), text: ({ syncedAt }) => time(syncedAt ?? null) },
  ];
  return (
    <DataTable
      name="mail-accounts"
      rows={rows}
      columns={columns}
      idOf={({ id }) => id}
      actions={(row) =>
        row.state === "waiting" || row.state === "failed" || row.state === "ready" ? (
          <Button
            size="compact-xs"
            aria-label={`${t("mail.accounts.look")}: ${row.address}`}
            onClick={() =>
              void act(async () => {
                await call("POST", `/admin/mail/accounts/${row.id}/look`, {});
                return t("mail.accounts.looked", { address: row.address });
              })
            }
          >
            {t("mail.accounts.look")}
          </Button>
        ) : undefined
      }
    />
  );
}

import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../../api/api.ts";
import { go } from "../../app/route.ts";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useWords } from "../../words/words.ts";
import type { VersionHead } from "../access.api.ts";
import { Mark } from "../parts/Mark.tsx";
import { accessAddress } from "../routes.ts";
import { RevertDialog } from "./RevertDialog.tsx";

interface VersionsReply {
  readonly versions: readonly VersionHead[];
  readonly nextCursor?: string;
}
const PAGE = "100";

/** Every set that was ever in force. */
export function VersionsPage() {
  const { t, time } = useWords();
  const [reverting, setReverting] = useState<VersionHead>();
  const versions = useInfiniteQuery({
    queryKey: ["access", "versions", "pages"],
    initialPageParam: "",
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({ limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) });
      return call<VersionsReply>("GET", `/access/versions?${query}`);
    },
    getNextPageParam: (page) => page.nextCursor,
  });
  const rows = versions.data?.pages.flatMap((page) => page.versions) ?? [];
  const inForce = rows.find((version) => version.inForce);
  const what = (version: VersionHead) =>
    [
      version.source === "revert"
        ? t("access.versions.revertOf", { rev: version.revertOf ?? "" })
        : t(`access.versions.source.${version.source}`),
      ...(version.title === undefined ? [] : [version.title]),
    ].join(" · ");
  const columns: readonly Column<VersionHead>[] = [
    {
      key: "rev",
      title: t("access.versions.rev"),
      text: ({ rev }) => rev,
      show: ({ rev, inForce: isInForce }) => (
        <span className="toolbar" style={{ flexWrap: "nowrap" }}>
          <b>{rev}</b>
          {isInForce && <Mark tone="good">{t("access.versions.inForce")}</Mark>}
        </span>
      ),
    },
    {
      key: "when",
      title: t("access.versions.when"),
      text: ({ publishedAt }) => publishedAt,
      show: ({ publishedAt }) => time(publishedAt),
    },
    { key: "who", title: t("access.versions.who"), text: ({ publishedBy }) => publishedBy?.name ?? t("access.server") },
    { key: "what", title: t("access.versions.what"), text: what },
    { key: "policies", title: t("access.view.policies"), text: ({ policyCount }) => String(policyCount) },
  ];

  function previousOf({ rev }: VersionHead): string | undefined {
    return rows[rows.findIndex((version) => version.rev === rev) + 1]?.rev;
  }

  return (
    <>
      <div className="page-head">
        <h1>{t("access.view.versions")}</h1>
      </div>
      <div className="page-body">
        <section className="panel" aria-label={t("access.view.versions")}>
          {versions.error ? (
            <ProblemAlert error={versions.error} onRetry={() => void versions.refetch()} />
          ) : versions.isLoading ? (
            <p className="quiet" role="status">
              {t("app.loading")}
            </p>
          ) : (
            <DataTable
              name="policy-versions"
              rows={rows}
              columns={columns}
              idOf={({ rev }) => rev}
              actions={(version) => {
                const previous = previousOf(version);
                return (
                  <span className="toolbar" style={{ justifyContent: "end" }}>
                    {previous !== undefined && (
                      <Button size="compact-xs" onClick={() => go(accessAddress.compare(previous, version.rev))}>
                        {t("access.versions.changes", { rev: previous })}
                      </Button>
                    )}
                    {!version.inForce && inForce && (
                      <>
                        <Button size="compact-xs" onClick={() => go(accessAddress.compare(version.rev, inForce.rev))}>
                          {t("access.versions.compareInForce")}
                        </Button>
                        <Button
                          size="compact-xs"
                          aria-label={t("access.versions.revertTo", { rev: version.rev })}
                          onClick={() => setReverting(version)}
                        >
                          {t("access.versions.revert")}
                        </Button>
                      </>
                    )}
                  </span>
                );
              }}
            />
          )}
          {versions.hasNextPage && (
            <Button mt={10} loading={versions.isFetchingNextPage} onClick={() => void versions.fetchNextPage()}>
              {t("people.more")}
            </Button>
          )}
        </section>
      </div>
      {reverting && inForce && (
        <RevertDialog version={reverting} baseRev={inForce.rev} onClose={() => setReverting(undefined)} />
      )}
    </>
  );
}

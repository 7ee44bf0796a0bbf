import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { call } from "../../api/api.ts";
import { go, usePlace } from "../../app/route.ts";
import { Loaded } from "../../ui/Loaded.tsx";
import { useWords } from "../../words/words.ts";
import { type PolicyDiff, useDrafts, useVersions } from "../access.api.ts";
import { useMeeting } from "../catalog.tsx";
import { Crumbs } from "../parts/Crumbs.tsx";
import { accessAddress } from "../routes.ts";
import { DiffView } from "./DiffView.tsx";

/** Any two versions, or a version and a draft. */
export function ComparePage() {
  const { t, time } = useWords();
  const { query } = usePlace();
  const from = query.get("from") ?? "";
  const to = query.get("to") ?? "";
  const versions = useVersions().data ?? [];
  const drafts = useDrafts().data ?? [];
  const diff = useQuery({
    queryKey: ["access", "diff", from, to],
    queryFn: () => call<PolicyDiff>("GET", `/access/diff?${new URLSearchParams({ from, to })}`),
    enabled: from !== "" && to !== "",
  });
  useMeeting(diff.data);
  const data = [
    ...drafts.map(({ id, title }) => ({ value: `draft:${id}`, label: t("access.compare.draft", { title }) })),
    ...versions.map(({ rev, publishedAt }) => ({
      value: rev,
      label: t("access.compare.version", { rev, when: time(publishedAt) }),
    })),
  ];
  const known = (value: string) =>
    data.some((one) => one.value === value) ? data : [...data, { value, label: value }];
  return (
    <>
      <div className="page-head">
        <Crumbs crumbs={[{ words: t("access.view.versions"), to: accessAddress.view("versions") }]} />
        <h1>{t("access.compare.title")}</h1>
        <NativeSelect
          size="xs"
          aria-label={t("access.compare.from")}
          data={known(from)}
          value={from}
          onChange={(event) => go(accessAddress.compare(event.currentTarget.value, to), { replace: true })}
        />
        <span aria-hidden>→</span>
        <NativeSelect
          size="xs"
          aria-label={t("access.compare.to")}
          data={known(to)}
          value={to}
          onChange={(event) => go(accessAddress.compare(from, event.currentTarget.value), { replace: true })}
        />
      </div>
      <div className="page-body">
        <Loaded query={diff}>{(found) => <DiffView diff={found} />}</Loaded>
      </div>
    </>
  );
}

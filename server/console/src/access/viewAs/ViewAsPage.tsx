import { Button, NativeSelect } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { RecordDoc } from "@kontor/shared/objects";
import { call } from "../../api/api.ts";
import { go, usePlace } from "../../app/route.ts";
import { DataTable, type Column } from "../../ui/DataTable.tsx";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useWords } from "../../words/words.ts";
import { useDrafts } from "../access.api.ts";
import { useCatalog, useMeeting } from "../catalog.tsx";
import { useTypes } from "../explain/useRecordSearch.ts";
import { PersonPicker } from "../parts/PersonPicker.tsx";
import { Picker } from "../parts/Picker.tsx";
import { accessAddress } from "../routes.ts";
import { RecordAs } from "./RecordAs.tsx";

interface View {
  readonly user: string;
  readonly type: string;
  readonly draft: string;
  readonly record: string;
}
interface RecordsReply {
  readonly records: readonly RecordDoc[];
  readonly nextCursor?: string;
}
const PAGE = 100;

/** What somebody is shown, under the set in force or under a draft. It changes nothing, and it is noted that one looked. */
export function ViewAsPage() {
  const { t } = useWords();
  const catalog = useCatalog();
  const { path, query } = usePlace();
  const types = useTypes().data ?? [];
  const drafts = useDrafts().data ?? [];
  const view: View = {
    user: query.get("user") ?? "",
    type: query.get("type") ?? types[0]?.name ?? "",
    draft: query.get("draft") ?? "",
    record: path[1] ?? "",
  };
  function change(part: Partial<View>, replace = true) {
    const { record, ...asked } = { ...view, ...part };
    go(accessAddress.viewAs(record, asked), { replace });
  }

  return (
    <>
      <div className="page-head">
        <h1>{t("access.view.view-as")}</h1>
        <PersonPicker userId={view.user} onChoose={(user) => change({ user })} />
        <Picker
          label={t("access.form.type")}
          shown={catalog.typeWords(view.type)}
          options={types.map(({ name }) => ({ value: name, label: catalog.typeWords(name), hint: name }))}
          onChoose={(type) => change({ type, record: "" })}
        />
        <NativeSelect
          size="xs"
          aria-label={t("access.suppose.draft")}
          value={view.draft}
          data={[
            { value: "", label: t("access.suppose.inForce") },
            ...drafts.map(({ id, title }) => ({ value: id, label: title })),
          ]}
          onChange={(event) => change({ draft: event.currentTarget.value })}
        />
        <span className="grow" />
        <span className="quiet">{t("access.viewAs.noted")}</span>
      </div>
      <div className="page-body">
        {view.user === "" || view.type === "" ? (
          <section className="panel">
            <p className="quiet">{t("access.viewAs.lead")}</p>
          </section>
        ) : view.record === "" ? (
          <Records view={view} onOpen={(record) => change({ record }, false)} />
        ) : (
          <RecordAs
            userId={view.user}
            draftId={view.draft}
            id={view.record}
            onBack={() => change({ record: "" }, false)}
          />
        )}
      </div>
    </>
  );
}

function Records({ view, onOpen }: { view: View; onOpen: (id: string) => void }) {
  const { t, time } = useWords();
  const catalog = useCatalog();
  const { user, type, draft } = view;
  const found = useInfiniteQuery({
    queryKey: ["access", "view-as", user, type, draft],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      call<RecordsReply>("POST", "/access/view-as/records", {
        userId: user,
        type,
        limit: PAGE,
        ...(draft !== "" && { draftId: draft }),
        ...(pageParam !== "" && { cursor: pageParam }),
      }),
    getNextPageParam: (page) => page.nextCursor,
  });
  const rows = found.data?.pages.flatMap((page) => page.records) ?? [];
  useMeeting(rows);
  const state = catalog.attributeOf("obj.state", type);
  const columns: readonly Column<RecordDoc>[] = [
    { key: "title", title: t("access.form.title"), text: ({ title }) => title },
    { key: "number", title: t("access.viewAs.number"), text: ({ number = "" }) => number },
    {
      key: "state",
      title: t("access.grants.state"),
      text: (record) => (record.state === undefined ? "" : catalog.valueWords(record.state, state)),
    },
    {
      key: "owner",
      title: t("access.viewAs.owner"),
      text: ({ owner }) => (owner === undefined ? "" : catalog.valueWords(owner)),
    },
    {
      key: "redacted",
      title: t("access.viewAs.redacted"),
      text: ({ redacted = [] }) => redacted.map((field) => catalog.fieldWords(type, field)).join(", "),
    },
    {
      key: "updatedAt",
      title: t("access.viewAs.changed"),
      text: ({ updatedAt }) => updatedAt,
      show: ({ updatedAt }) => <span className="quiet">{time(updatedAt)}</span>,
    },
  ];
  return (
    <section className="panel" aria-label={t("access.viewAs.list")}>
      {found.error ? (
        <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />
      ) : found.isLoading ? (
        <p className="quiet" role="status">
          {t("app.loading")}
        </p>
      ) : (
        <DataTable
          name={`view-as-${type}`}
          rows={rows}
          columns={columns}
          idOf={({ id }) => id}
          onOpen={({ id }) => onOpen(id)}
        />
      )}
      {found.hasNextPage && (
        <Button mt={10} loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t("people.more")}
        </Button>
      )}
    </section>
  );
}

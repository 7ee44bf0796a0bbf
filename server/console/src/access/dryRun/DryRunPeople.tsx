import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { call } from "../../api/api.ts";
import { ProblemAlert } from "../../ui/Loaded.tsx";
import { useWords } from "../../words/words.ts";
import type { DryRunPerson } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";
import { Mark, type MarkTone } from "../parts/Mark.tsx";

interface PeopleReply {
  readonly people: readonly DryRunPerson[];
  readonly nextCursor?: string;
}
const tones: Readonly<Record<"gained" | "lost" | "changed", MarkTone>> = {
  gained: "good",
  lost: "bad",
  changed: "warn",
};

/** Person by person: records and fields with samples, and the devices on which rows would be removed. */
export function DryRunPeople({ runId }: { runId: string }) {
  const { t } = useWords();
  const people = useInfiniteQuery({
    queryKey: ["access", "dry-run-people", runId],
    initialPageParam: "",
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({ limit: "50", ...(pageParam ? { cursor: pageParam } : {}) });
      return call<PeopleReply>("GET", `/access/dry-runs/${runId}/people?${query}`);
    },
    getNextPageParam: (page) => page.nextCursor,
  });
  if (people.error) return <ProblemAlert error={people.error} onRetry={() => void people.refetch()} />;
  const rows = people.data?.pages.flatMap((page) => page.people) ?? [];
  return (
    <div style={{ marginTop: 8 }}>
      {people.isLoading && <p className="quiet">{t("app.loading")}</p>}
      {rows.map((person) => (
        <Person key={person.userId} person={person} />
      ))}
      {people.hasNextPage && (
        <Button mt={8} loading={people.isFetchingNextPage} onClick={() => void people.fetchNextPage()}>
          {t("people.more")}
        </Button>
      )}
    </div>
  );
}

function Person({ person }: { person: DryRunPerson }) {
  const { t, number, time } = useWords();
  const catalog = useCatalog();
  return (
    <details className="policy-trace">
      <summary>
        <b>{person.name}</b>
        {person.gained > 0 && <span className="good">+ {number(person.gained)}</span>}
        {person.lost > 0 && <span className="bad">− {number(person.lost)}</span>}
        {person.changed > 0 && <span>{t("access.dryRun.changedCount", { count: person.changed })}</span>}
        {person.devices.length > 0 && (
          <span className="quiet">{t("access.dryRun.deviceCount", { count: person.devices.length })}</span>
        )}
      </summary>
      {person.byType.map((one) => (
        <div key={one.type} style={{ padding: "6px 0 0 16px" }}>
          <div>
            {catalog.typeWords(one.type)}
            {one.fieldsGained.length > 0 && (
              <span className="good">
                {" "}
                + {one.fieldsGained.map((field) => catalog.fieldWords(one.type, field)).join(", ")}
              </span>
            )}
            {one.fieldsLost.length > 0 && (
              <span className="bad">
                {" "}
                − {one.fieldsLost.map((field) => catalog.fieldWords(one.type, field)).join(", ")}
              </span>
            )}
          </div>
          <ul className="trace">
            {one.samples.map((sample) => (
              <li key={sample.id} style={{ padding: "2px 0" }}>
                <Mark tone={tones[sample.effect]}>{t(`access.dryRun.effect.${sample.effect}`)}</Mark> {sample.title}
              </li>
            ))}
          </ul>
        </div>
      ))}
      {person.devices.map((device) => (
        <p key={device.id} className="quiet" style={{ margin: "4px 0 0 16px" }}>
          {t("access.dryRun.device", {
            name: device.name,
            rows: number(device.rowsPurged),
            when: time(device.lastSeenAt),
          })}
        </p>
      ))}
    </details>
  );
}

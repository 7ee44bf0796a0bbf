import { AreaChart } from "@mantine/charts";
import { Badge, Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { call, type Overview } from "../api/api.ts";
import { Loaded } from "../ui/Loaded.tsx";
import { useWords, type WordKey } from "../words/words.ts";
import { en } from "../words/en.ts";

const REFRESH_MS = 10_000; // as often as the server samples
const tones = { ok: "var(--good)", poor: "var(--warn)", failing: "var(--bad)" } as const;
const grounds = { ok: "var(--good-soft)", poor: "var(--warn-soft)", failing: "var(--bad-soft)" } as const;
const plots = ["connections", "queue", "databaseMs", "memoryBytes"] as const;
const MEGABYTE = 1e6;

export function OverviewPage() {
  const { t, time, number } = useWords();
  const overview = useQuery({
    queryKey: ["overview"],
    queryFn: () => call<Overview>("GET", "/admin/overview"),
    refetchInterval: REFRESH_MS,
  });
  const nameOf = (prefix: "overview.part" | "overview.count", key: string) =>
    `${prefix}.${key}` in en ? t(`${prefix}.${key}` as WordKey) : key;
  return (
    <>
      <div className="page-head">
        <h1>{t("overview.title")}</h1>
        {overview.data && (
          <span className="quiet">
            {t("overview.running", { version: overview.data.version, since: time(overview.data.startedAt) })}
          </span>
        )}
      </div>
      <div className="page-body">
        <Loaded query={overview}>
          {(data) => (
            <>
              <section className="panel" aria-labelledby="parts">
                <h2 id="parts">{t("overview.parts")}</h2>
                <Table verticalSpacing={6}>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th w={180}>{t("overview.part")}</Table.Th>
                      <Table.Th w={170}>{t("overview.state")}</Table.Th>
                      <Table.Th>{t("overview.words")}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {data.parts.map((part) => (
                      <Table.Tr key={part.name}>
                        <Table.Td>{nameOf("overview.part", part.name)}</Table.Td>
                        <Table.Td>
                          <Badge style={{ color: tones[part.state], background: grounds[part.state] }}>
                            {t(`overview.state.${part.state}`)}
                          </Badge>
                        </Table.Td>
                        <Table.Td className="quiet">{part.words}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </section>
              {Object.keys(data.counts).length > 0 && (
                <section className="panel" aria-labelledby="counts">
                  <h2 id="counts">{t("overview.counts")}</h2>
                  <dl style={{ display: "flex", gap: 36, margin: 0 }}>
                    {Object.entries(data.counts).map(([key, count]) => (
                      <div key={key}>
                        <dd style={{ margin: 0, fontSize: 22, fontWeight: 640 }}>{number(count)}</dd>
                        <dt className="quiet">{nameOf("overview.count", key)}</dt>
                      </div>
                    ))}
                  </dl>
                </section>
              )}
              <section aria-labelledby="load">
                <h2 id="load" style={{ fontSize: 13, margin: "4px 0 10px" }}>
                  {t("overview.load")}
                </h2>
                {data.samples.length < 2 ? (
                  <p className="quiet">{t("overview.load.waiting")}</p>
                ) : (
                  <div className="plots">
                    {plots
                      .filter((key) => data.samples.some((sample) => sample.values[key] !== undefined))
                      .map((key) => (
                        <Plot key={key} name={key} samples={data.samples} />
                      ))}
                  </div>
                )}
              </section>
            </>
          )}
        </Loaded>
      </div>
    </>
  );
}

function Plot({ name, samples }: { name: (typeof plots)[number]; samples: Overview["samples"] }) {
  const { t, locale, number } = useWords();
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium", hourCycle: "h23" });
  const data = samples.map((sample) => ({
    at: clock.format(new Date(sample.at)),
    value: (sample.values[name] ?? 0) / (name === "memoryBytes" ? MEGABYTE : 1),
  }));
  const title = t(`overview.load.${name}`);
  return (
    <figure className="panel" style={{ margin: 0 }} aria-label={`${title}: ${number(data.at(-1)?.value ?? 0)}`}>
      <figcaption style={{ display: "flex", marginBottom: 8 }}>
        <span>{title}</span>
        <span className="grow" />
        <strong>{number(data.at(-1)?.value ?? 0)}</strong>
      </figcaption>
      <AreaChart
        h={120}
        data={data}
        dataKey="at"
        series={[{ name: "value", label: title, color: "accent" }]}
        withDots={false}
        curveType="linear"
        fillOpacity={0.15}
        strokeWidth={1.5}
        gridAxis="y"
        valueFormatter={number}
        yAxisProps={{ width: 44 }}
        xAxisProps={{ minTickGap: 60 }}
      />
    </figure>
  );
}

import { Button, SegmentedControl, Table } from "@mantine/core";
import { useState } from "react";
import { saveCsv } from "../../ui/saveCsv.ts";
import { useWords } from "../../words/words.ts";
import type { DryRun } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";

type Result = NonNullable<DryRun["result"]>;
interface Line {
  readonly key: string;
  readonly who: string;
  readonly gained: number;
  readonly lost: number;
  readonly changed: number;
  readonly devices?: number;
}

/** The same totals by department and by type. */
export function DryRunTables({ result }: { result: Result }) {
  const { t, number } = useWords();
  const catalog = useCatalog();
  const [by, setBy] = useState<"department" | "type">("department");
  const lines: readonly Line[] =
    by === "type"
      ? result.byType.map(({ type, ...counts }) => ({ key: type, who: catalog.typeWords(type), ...counts }))
      : result.byDepartment.map(({ departmentId, name, users, ...counts }) => ({
          key: departmentId ?? "",
          who: t("access.dryRun.department", {
            name: typeof name === "string" ? name : name[catalog.locale],
            count: users,
          }),
          ...counts,
        }));
  const has = (count: "gained" | "lost" | "changed") => lines.some((line) => line[count] > 0);
  return (
    <>
      <div className="toolbar">
        <SegmentedControl
          size="xs"
          aria-label={t("access.dryRun.by")}
          value={by}
          onChange={(value) => setBy(value === "type" ? "type" : "department")}
          data={(["department", "type"] as const).map((value) => ({ value, label: t(`access.dryRun.by.${value}`) }))}
        />
        <span className="grow" />
        <Button
          size="compact-xs"
          onClick={() =>
            saveCsv(`dry-run-by-${by}`, [
              [
                t(`access.dryRun.by.${by}`),
                t("access.dryRun.gains"),
                t("access.dryRun.loses"),
                t("access.dryRun.otherwise"),
                t("access.dryRun.purges"),
              ],
              ...lines.map((line) => [
                line.who,
                ...[line.gained, line.lost, line.changed, line.devices ?? 0].map(String),
              ]),
            ])
          }
        >
          {t("app.export")}
        </Button>
      </div>
      <div style={{ overflowX: "auto" }}>
        <Table mt={6} verticalSpacing={4} className="numbers">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t(`access.dryRun.by.${by}`)}</Table.Th>
              {has("gained") && <Table.Th ta="right">{t("access.dryRun.gains")}</Table.Th>}
              {has("lost") && <Table.Th ta="right">{t("access.dryRun.loses")}</Table.Th>}
              {has("changed") && <Table.Th ta="right">{t("access.dryRun.otherwise")}</Table.Th>}
              {by === "department" && <Table.Th ta="right">{t("access.dryRun.purges")}</Table.Th>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines.map((line) => (
              <Table.Tr key={line.key}>
                <Table.Td>{line.who}</Table.Td>
                {has("gained") && <Count count={line.gained} sign="+" tone="good" />}
                {has("lost") && <Count count={line.lost} sign="−" tone="bad" />}
                {has("changed") && <Count count={line.changed} />}
                {by === "department" && <Table.Td ta="right">{number(line.devices ?? 0)}</Table.Td>}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </>
  );
}

function Count({ count, sign = "", tone }: { count: number; sign?: string; tone?: "good" | "bad" }) {
  const { number } = useWords();
  return (
    <Table.Td ta="right">{count > 0 && <span className={tone}>{`${sign} ${number(count)}`.trim()}</span>}</Table.Td>
  );
}

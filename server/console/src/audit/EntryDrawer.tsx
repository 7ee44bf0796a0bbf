import { Button, Code, Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import { useWords } from "../words/words.ts";
import type { AuditEntry, AuditFilter, Detail } from "./audit.api.ts";
import { OutcomeBadge } from "./OutcomeBadge.tsx";
import { useAuditWords } from "./useAuditWords.ts";

const WAYS: ReadonlySet<string> = new Set(["via", "door"]);

/** One entry with everything that is known of it, and the ways from it to what is near. */
export function EntryDrawer({
  entry,
  names,
  onFilter,
  onClose,
}: {
  entry: AuditEntry;
  names: Readonly<Record<string, string>>;
  onFilter: (changes: Partial<AuditFilter>) => void;
  onClose: () => void;
}) {
  const { t } = useWords();
  const { actionName, channelName, detailName, wayName, moment, objectName, personName } = useAuditWords();
  const { userId, objectId, objectKind } = entry;
  const filter = (changes: Partial<AuditFilter>) => {
    onFilter(changes);
    onClose();
  };
  const rows: readonly (readonly [string, ReactNode])[] = [
    [t("audit.when"), moment(entry.at)],
    [t("audit.outcome"), <OutcomeBadge key="outcome" outcome={entry.outcome} />],
    [t("audit.person"), personName(entry, names)],
    [t("audit.login"), entry.login],
    [t("audit.channel"), entry.channel && channelName(entry.channel)],
    [t("audit.ip"), entry.ip],
    [t("audit.device"), entry.deviceId && <Code key="device">{entry.deviceId}</Code>],
    [t("audit.object"), objectName(entry, names)],
    [t("audit.objectId"), objectId && <Code key="object">{objectId}</Code>],
    ...Object.entries(entry.details).map(
      ([key, value]) =>
        [
          detailName(key),
          WAYS.has(key) && typeof value === "string" ? wayName(value) : <Value key={key} value={value} names={names} />,
        ] as const,
    ),
    [t("audit.technicalName"), <Code key="action">{entry.action}</Code>],
    [
      t("audit.hash"),
      <Code key="hash" style={{ overflowWrap: "anywhere" }}>
        {entry.hash}
      </Code>,
    ],
  ];
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={460}
      title={t("audit.entry", { number: entry.number, action: actionName(entry.action) })}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <dl className="audit-facts">
        {rows.map(([name, value]) =>
          value === null || value === "" ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      <div style={{ display: "flex", gap: 8, flexWrap: "wrap", marginTop: 16 }}>
        {userId !== null && (
          <Button onClick={() => filter({ userId })}>
            {t("audit.samePerson", { name: personName(entry, names) })}
          </Button>
        )}
        {objectId !== null && (
          <Button onClick={() => filter({ objectId, objectKind: objectKind ?? "" })}>{t("audit.sameObject")}</Button>
        )}
        <Button onClick={() => filter({ action: entry.action })}>{t("audit.sameAction")}</Button>
      </div>
    </Drawer>
  );
}

function Value({ value, names }: { value: Detail; names: Readonly<Record<string, string>> }) {
  const { t } = useWords();
  if (Array.isArray(value))
    return (
      <ul>
        {(value as readonly Detail[]).map((item, index) => (
          <li key={index}>
            <Value value={item} names={names} />
          </li>
        ))}
      </ul>
    );
  if (value === null) return <>–</>;
  if (typeof value === "boolean") return <>{t(value ? "audit.yes" : "audit.no")}</>;
  if (typeof value === "object") return <Code block>{JSON.stringify(value, null, 2)}</Code>;
  return <span style={{ overflowWrap: "anywhere" }}>{names[String(value)] ?? String(value)}</span>;
}

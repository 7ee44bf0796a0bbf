import type { RecordDoc } from "@kontor/shared/objects";
import { useTypes } from "../replica/index.ts";
import { useWords } from "../words/index.ts";

/** A record's name, or "New contract" for one that has none yet. */
export function useRecordTitle() {
  const types = useTypes();
  const { t, label } = useWords();
  return (record: Pick<RecordDoc, "title" | "type">): string => {
    if (record.title) return record.title;
    const type = types.of(record.type);
    return type ? t("objects.untitledOf", { type: label(type.label) }) : t("objects.untitled");
  };
}

import { useEffect } from "react";
import { useRow } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import { RecordCard } from "./RecordCard.tsx";
import { useRecordTitle } from "./useRecordTitle.ts";
import classes from "./objects.module.css";

/** One card as a window of its own. */
export function RecordWindow({ id }: { readonly id: string }) {
  const { t } = useWords();
  const record = useRow("records", id);
  const titleOf = useRecordTitle();
  const title = record ? titleOf(record) : undefined;
  useEffect(() => {
    if (title !== undefined) document.title = `${title} · Kontor`;
  }, [title]);
  return (
    <section className={classes.pane} aria-label={t("objects.card")} data-region="card">
      <RecordCard id={id} inOwnWindow />
    </section>
  );
}

import { useState } from "react";
import { go, type Route } from "../app/route.ts";
import { changeSettings, useSettings } from "../app/settings.ts";
import { useTypes } from "../replica/index.ts";
import { Empty, Splitter } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { CreateForm } from "./CreateForm.tsx";
import { RecordCard } from "./RecordCard.tsx";
import { RecordList } from "./RecordList.tsx";
import classes from "./objects.module.css";

const MIN_LIST = 240;
const MAX_LIST = 640;

/** A type's list, and beside it a card or the form for a new one. */
export function ObjectsView({ route }: { readonly route: Extract<Route, { at: "objects" | "new" | "trash" }> }) {
  const { t } = useWords();
  const types = useTypes();
  const { listWidth } = useSettings();
  const [width, setWidth] = useState(listWidth);
  const type = route.type === undefined ? undefined : types.of(route.type);
  if (!type) {
    if (!types.known) return null;
    return <Empty title={t(types.list.length === 0 ? "objects.noTypes" : "objects.unknownType")} />;
  }
  const trashed = route.at === "trash";
  const id = route.at === "new" ? undefined : route.id;
  return (
    <>
      <div className={classes.list} style={{ width }} data-region="list">
        <RecordList
          key={`${type.name} ${trashed}`}
          type={type}
          trashed={trashed}
          selected={id}
          open={(next) => go({ at: trashed ? "trash" : "objects", type: type.name, id: next })}
        />
      </div>
      <Splitter
        label={t("objects.listWidth")}
        side="left"
        width={width}
        min={MIN_LIST}
        max={MAX_LIST}
        onMove={setWidth}
        onDone={(next) => changeSettings({ listWidth: next })}
      />
      <section className={classes.pane} aria-label={t("objects.card")} data-region="card">
        {route.at === "new" ? (
          <CreateForm key={type.name} type={type} />
        ) : id ? (
          <RecordCard key={id} id={id} typeName={type.name} />
        ) : (
          <Empty title={t(trashed ? "objects.chooseTrashed" : "objects.choose")} />
        )}
      </section>
    </>
  );
}

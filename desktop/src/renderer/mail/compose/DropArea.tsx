import { useState, type DragEvent, type KeyboardEvent, type ReactNode } from "react";
import { useWords } from "../../words/index.ts";
import classes from "./compose.module.css";

/** Files may be dropped anywhere on it; into the text they are pictures where they fell. */
export function DropArea(props: {
  readonly children: ReactNode;
  readonly inOwnWindow: boolean;
  readonly onFiles: (files: readonly File[]) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}) {
  const { t } = useWords();
  const [over, setOver] = useState(false);
  const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes("Files");
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dropping has a button beside it
    <section
      className={classes.composer}
      aria-label={t("compose.region")}
      data-region="compose"
      data-own-window={props.inOwnWindow || undefined}
      data-over={over || undefined}
      onKeyDown={props.onKeyDown}
      onDragOver={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
        setOver(true);
      }}
      onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && setOver(false)}
      onDropCapture={() => setOver(false)}
      onDrop={(event) => {
        if (event.defaultPrevented || !hasFiles(event)) return;
        event.preventDefault();
        props.onFiles([...event.dataTransfer.files]);
      }}
    >
      {props.children}
    </section>
  );
}

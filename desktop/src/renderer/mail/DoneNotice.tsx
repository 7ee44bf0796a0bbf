import { Button } from "@mantine/core";
import { useWords, type WordKey } from "../words/index.ts";
import classes from "./mail.module.css";

/** What was done, and the way back; in one line, for it lies over what one works with. */
export function DoneNotice(props: {
  readonly words: WordKey;
  readonly params: Readonly<Record<string, string | number>>;
  readonly undo: () => void;
}) {
  const { t } = useWords();
  return (
    <span className={classes.done}>
      <span>{t(props.words, props.params)}</span>
      <Button size="compact-sm" onClick={props.undo}>
        {t("app.undo")}
      </Button>
    </span>
  );
}

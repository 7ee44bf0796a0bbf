import type { ReactNode } from "react";
import classes from "./places.module.css";

/** A place of mail by its name, with how much there is to be done in it. */
export function FolderLine(props: {
  readonly name: string;
  readonly icon: ReactNode;
  readonly count: number;
  readonly here: boolean;
  readonly depth?: number;
  readonly open: () => void;
}) {
  return (
    <button
      type="button"
      className={classes.folder}
      aria-current={props.here ? "page" : undefined}
      style={{ paddingLeft: 10 + (props.depth ?? 0) * 14 }}
      onClick={props.open}
    >
      {props.icon}
      <span>{props.name}</span>
      {props.count > 0 && <b>{props.count}</b>}
    </button>
  );
}

import type { ReactNode } from "react";
import type { Tone } from "@kontor/shared/objects";
import classes from "./ui.module.css";

export function StateBadge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      {children}
    </span>
  );
}

/** A filter that is on or off. */
export function Chip(props: { readonly on: boolean; readonly onClick: () => void; readonly children: ReactNode }) {
  return (
    <button type="button" className={classes.chip} aria-pressed={props.on} onClick={props.onClick}>
      {props.children}
    </button>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <p>{title}</p>
      {children}
    </div>
  );
}

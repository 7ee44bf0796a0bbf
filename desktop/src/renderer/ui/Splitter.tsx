import { useState, type KeyboardEvent, type PointerEvent } from "react";
import classes from "./ui.module.css";

const STEP = 16; // px by an arrow key

/** The line between two panes: by pointer or arrow keys. `side` says on which side of it the pane with the width is. */
export function Splitter(props: {
  readonly label: string;
  readonly width: number;
  readonly min: number;
  readonly max: number;
  readonly side: "left" | "right";
  readonly onMove: (width: number) => void;
  readonly onDone: (width: number) => void;
}) {
  const [from, setFrom] = useState<{ x: number; width: number }>();
  const direction = props.side === "left" ? 1 : -1;
  const clamp = (width: number) => Math.round(Math.min(props.max, Math.max(props.min, width)));
  const at = (event: PointerEvent) => (from ? clamp(from.width + direction * (event.clientX - from.x)) : props.width);

  function onKeyDown(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? STEP : event.key === "ArrowLeft" ? -STEP : 0;
    if (step === 0) return;
    event.preventDefault();
    const width = clamp(props.width + direction * step);
    props.onMove(width);
    props.onDone(width);
  }

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a separator that can be moved is interactive (ARIA 1.2)
    <div
      className={classes.splitter}
      role="separator"
      aria-orientation="vertical"
      aria-label={props.label}
      aria-valuenow={props.width}
      aria-valuemin={props.min}
      aria-valuemax={props.max}
      tabIndex={0}
      data-moving={from ? true : undefined}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setFrom({ x: event.clientX, width: props.width });
      }}
      onPointerMove={(event) => from && props.onMove(at(event))}
      onPointerUp={(event) => {
        props.onDone(at(event));
        setFrom(undefined);
      }}
    />
  );
}

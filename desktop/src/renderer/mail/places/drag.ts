import type { DragEvent } from "react";
import type { MailTargets } from "#contract";

/** Messages on their way to a folder. Within one window only, so they need not be written into the drag itself. */
export interface Dragged {
  readonly targets: MailTargets;
  readonly count: number;
  /** Folders of other mailboxes do not take them. */
  readonly mailboxId: string;
}

const MIME = "application/x-kontor-mail";
let dragged: Dragged | undefined;

export function startDrag(event: DragEvent, what: Dragged, words: string): void {
  dragged = what;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData(MIME, "");
  const image = document.createElement("div");
  image.className = "mail-drag-image";
  image.textContent = words;
  document.body.append(image);
  event.dataTransfer.setDragImage(image, -10, -10);
  setTimeout(() => image.remove());
}

/** What is dragged over something, if it is mail. */
export const draggedMail = (event: DragEvent): Dragged | undefined =>
  event.dataTransfer.types.includes(MIME) ? dragged : undefined;

/** What a window waits for before it ends. */
const waits = new Set<() => Promise<void>>();

/** Waited for, once what was typed has been asked to be saved; returns how to take it back. */
export function beforeEnd(wait: () => Promise<void>): () => void {
  waits.add(wait);
  return () => void waits.delete(wait);
}

/** No keystroke is lost: whoever holds something typed saves it as when the window loses its user, and the replica has it then. */
export async function saveWhatIsTyped(): Promise<void> {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  window.dispatchEvent(new Event("blur"));
  await new Promise((resolve) => setTimeout(resolve)); // by now it has been asked for
  await Promise.all([...waits].map((wait) => wait()));
}

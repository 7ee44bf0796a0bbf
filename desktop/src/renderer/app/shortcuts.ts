import type { WordKey } from "../words/index.ts";

/**
 * All shortcuts, in one table. Keys are physical (`KeyboardEvent.code`), so that a Russian layout works; `mod` is Ctrl,
 * or Command on a Mac. One without `mod` does nothing while text is being typed.
 */
export interface Shortcut {
  readonly id: string;
  readonly code: string;
  readonly mod?: true;
  readonly shift?: true;
  readonly alt?: true;
  readonly words: WordKey;
}

export const shortcuts = [
  { id: "palette", code: "KeyK", mod: true, words: "app.key.palette" },
  { id: "searchEverywhere", code: "KeyF", mod: true, shift: true, words: "app.key.searchEverywhere" },
  { id: "searchInView", code: "KeyF", mod: true, words: "app.key.searchInView" },
  { id: "new", code: "KeyN", mod: true, words: "app.key.new" },
  { id: "goObjects", code: "Digit1", mod: true, words: "app.key.objects" },
  { id: "goOutbox", code: "Digit2", mod: true, words: "app.key.outbox" },
  { id: "goIssues", code: "Digit3", mod: true, words: "app.key.issues" },
  { id: "goPeople", code: "Digit4", mod: true, words: "app.key.people" },
  { id: "goRequests", code: "Digit5", mod: true, words: "app.key.requests" },
  { id: "goMail", code: "Digit6", mod: true, words: "app.key.mail" },
  { id: "nextRegion", code: "F6", words: "app.key.nextRegion" },
  { id: "previousRegion", code: "F6", shift: true, words: "app.key.previousRegion" },
  { id: "nextRow", code: "KeyJ", words: "app.key.nextRow" },
  { id: "previousRow", code: "KeyK", words: "app.key.previousRow" },
  { id: "mailReply", code: "KeyR", words: "mail.key.reply" },
  { id: "mailReplyAll", code: "KeyA", words: "mail.key.replyAll" },
  { id: "mailForward", code: "KeyF", words: "mail.key.forward" },
  { id: "mailArchive", code: "KeyE", words: "mail.key.archive" },
  { id: "mailTrash", code: "Digit3", shift: true, words: "mail.key.trash" },
  { id: "mailDelete", code: "Delete", words: "mail.key.trash" },
  { id: "mailJunk", code: "Digit1", shift: true, words: "mail.key.junk" },
  { id: "mailUnread", code: "KeyU", words: "mail.key.unread" },
  { id: "mailFlag", code: "KeyS", words: "mail.key.flag" },
  { id: "mailSnooze", code: "KeyB", words: "mail.key.snooze" },
  { id: "mailLabel", code: "KeyL", words: "mail.key.label" },
  { id: "mailMove", code: "KeyV", words: "mail.key.move" },
  { id: "mailSelect", code: "KeyX", words: "mail.key.select" },
  { id: "mailExtendNext", code: "KeyJ", shift: true, words: "mail.key.extendNext" },
  { id: "mailExtendPrevious", code: "KeyK", shift: true, words: "mail.key.extendPrevious" },
  { id: "mailUndo", code: "KeyZ", words: "mail.key.undo" },
  { id: "mailCompose", code: "KeyC", words: "mail.key.compose" },
  { id: "mailSearch", code: "Slash", words: "mail.key.search" },
  { id: "history", code: "KeyH", mod: true, shift: true, words: "app.key.history" },
  { id: "ownWindow", code: "KeyO", mod: true, shift: true, words: "app.key.ownWindow" },
  { id: "tryNow", code: "KeyR", mod: true, shift: true, words: "app.key.tryNow" },
  { id: "back", code: "ArrowLeft", alt: true, words: "app.key.back" },
  { id: "forward", code: "ArrowRight", alt: true, words: "app.key.forward" },
  { id: "shortcuts", code: "Slash", shift: true, words: "app.key.shortcuts" },
] as const satisfies readonly Shortcut[];

export type ShortcutId = (typeof shortcuts)[number]["id"];

export interface KeyPress {
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

export function shortcutOf(key: KeyPress, isMac: boolean, isTyping: boolean): ShortcutId | undefined {
  const mod = isMac ? key.metaKey : key.ctrlKey;
  const foreign = isMac ? key.ctrlKey : key.metaKey;
  if (foreign) return undefined;
  const found = (shortcuts as readonly Shortcut[]).find(
    (each) =>
      each.code === key.code &&
      Boolean(each.mod) === mod &&
      Boolean(each.shift) === key.shiftKey &&
      Boolean(each.alt) === key.altKey,
  );
  if (!found || (isTyping && !found.mod && found.code !== "F6")) return undefined;
  return found.id as ShortcutId;
}

/** "Ctrl Shift F", as the list of shortcuts and hints show it. */
export function keysOf(shortcut: Shortcut, isMac: boolean): readonly string[] {
  const names: Readonly<Record<string, string>> = {
    Slash: "/",
    ArrowLeft: "←",
    ArrowRight: "→",
    Enter: "↵",
    Delete: "Del",
  };
  const key = names[shortcut.code] ?? shortcut.code.replace(/^(Key|Digit)/, "");
  return [
    ...(shortcut.mod ? [isMac ? "⌘" : "Ctrl"] : []),
    ...(shortcut.alt ? [isMac ? "⌥" : "Alt"] : []),
    ...(shortcut.shift ? [isMac ? "⇧" : "Shift"] : []),
    key,
  ];
}

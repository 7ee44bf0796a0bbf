import type { MailList, MailTargets } from "#contract";

/** What is chosen of a list: some rows, or all of it but some, however long it is. */
export interface Selection {
  readonly all: boolean;
  /** The chosen ones; with `all`, those that are not. */
  readonly keys: ReadonlySet<string>;
  /** From where a range is drawn. */
  readonly anchor?: number;
}

export const nothing: Selection = { all: false, keys: new Set() };
export const everything: Selection = { all: true, keys: new Set() };

export const isChosen = ({ all, keys }: Selection, key: string): boolean => keys.has(key) !== all;
export const chosenCount = ({ all, keys }: Selection, total: number): number =>
  all ? Math.max(0, total - keys.size) : keys.size;

export function toggled(selection: Selection, key: string, index: number): Selection {
  const keys = new Set(selection.keys);
  if (!keys.delete(key)) keys.add(key);
  return { all: selection.all, keys, anchor: index };
}

/** These as well, as with Shift; the anchor stays. */
export function withRange(selection: Selection, keys: readonly string[]): Selection {
  if (!selection.all) return { ...selection, keys: new Set([...selection.keys, ...keys]) };
  return { ...selection, keys: new Set([...selection.keys].filter((key) => !keys.includes(key))) };
}

export function targetsOf({ all, keys }: Selection, list: MailList): MailTargets {
  const chosen = [...keys];
  if (!all) return { list, keys: chosen };
  return chosen.length === 0 ? { list } : { list, except: chosen };
}

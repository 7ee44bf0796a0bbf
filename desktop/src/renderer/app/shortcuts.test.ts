import { describe, expect, it } from "vitest";
import { keysOf, shortcutOf, shortcuts, type Shortcut } from "./shortcuts.ts";

const press = (code: string, held: { ctrl?: true; meta?: true; shift?: true; alt?: true } = {}) => ({
  code,
  ctrlKey: held.ctrl ?? false,
  metaKey: held.meta ?? false,
  shiftKey: held.shift ?? false,
  altKey: held.alt ?? false,
});

describe("shortcuts", () => {
  it("never share keys, and each id stands once", () => {
    const keys = shortcuts.map((each) => keysOf(each as Shortcut, false).join(" "));
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(shortcuts.map((each) => each.id)).size).toBe(shortcuts.length);
  });
  it("know the physical key, whatever letter the layout puts on it", () =>
    expect(shortcutOf(press("KeyK", { ctrl: true }), false, true)).toBe("palette"));
  it("use Command on a Mac", () => {
    expect(shortcutOf(press("KeyK", { meta: true }), true, false)).toBe("palette");
    expect(shortcutOf(press("KeyK", { ctrl: true }), true, false)).toBeUndefined();
  });
  it("leave plain letters to whoever types", () => {
    expect(shortcutOf(press("KeyJ"), false, false)).toBe("nextRow");
    expect(shortcutOf(press("KeyJ"), false, true)).toBeUndefined();
    expect(shortcutOf(press("Slash", { shift: true }), false, true)).toBeUndefined();
  });
  it("move between regions even out of a text field, so that there is no trap", () =>
    expect(shortcutOf(press("F6"), false, true)).toBe("nextRegion"));
});

import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createSeal } from "./seal.ts";

describe("a sealed secret", () => {
  const seal = createSeal(randomBytes(32));

  it("is read again, and looks different each time", () => {
    const [first, second] = [
      seal.close("hunter2 – ключ", "mail.account"),
      seal.close("hunter2 – ключ", "mail.account"),
    ];
    expect(seal.open(first, "mail.account")).toBe("hunter2 – ключ");
    expect(first.equals(second)).toBe(false);
    expect(first.toString("latin1")).not.toContain("hunter2");
  });

  it("is refused where it was changed, cut, moved to another purpose or sealed elsewhere", () => {
    const sealed = seal.close("secret", "mail.account");
    const changed = Buffer.from(sealed);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    for (const attempt of [
      () => seal.open(changed, "mail.account"),
      () => seal.open(sealed.subarray(0, 20), "mail.account"),
      () => seal.open(Buffer.alloc(0), "mail.account"),
      () => seal.open(sealed, "mail.domain"),
      () => createSeal(randomBytes(32)).open(sealed, "mail.account"),
    ])
      expect(attempt).toThrow("cannot be read with this server's key");
  });
});

import { IntlMessageFormat } from "intl-messageformat";
import { describe, expect, it } from "vitest";
import { fileRefusals, previewReasons } from "@kontor/shared/files";
import { accountReasons } from "@kontor/shared/mail";
import { mailReasonWords } from "../mail/mail.reasons.words.ts";
import { allWords } from "./all.words.ts";

const sources: Record<string, string> = import.meta.glob("../**/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});
const code = Object.entries(sources)
  .filter(([path]) => !/\.(words|test)\.tsx?$/.test(path))
  .map(([, text]) => text)
  .join("\n");

const argumentsOf = (message: string, locale: string): string[] => {
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== "object" || node === null) return;
    const { type, value } = node as { type?: number; value?: unknown };
    if (type !== undefined && type > 0 && type < 7 && typeof value === "string") names.add(value);
    for (const child of Object.values(node)) if (typeof child === "object") visit(child);
  };
  visit(new IntlMessageFormat(message, locale).getAst());
  return [...names].sort();
};

describe("words", () => {
  it("exist in both languages, none of them empty", () => {
    expect(Object.keys(allWords.ru).sort()).toEqual(Object.keys(allWords.en).sort());
    for (const words of Object.values(allWords))
      for (const text of Object.values(words)) expect(text.trim()).not.toBe("");
  });

  it("are ICU messages that take the same parameters in both languages", () => {
    for (const [key, english] of Object.entries(allWords.en)) {
      const russian = allWords.ru[key as keyof typeof allWords.ru];
      expect({ key, names: argumentsOf(russian, "ru") }).toEqual({ key, names: argumentsOf(english, "en") });
    }
  });

  it("count in Russian as Russian does", () => {
    const text = (count: number) =>
      new IntlMessageFormat(allWords.ru["objects.notSentYet"], "ru").format({ count }) as string;
    expect([1, 2, 5, 21].map(text)).toEqual([
      "1 изменение ещё не отправлено",
      "2 изменения ещё не отправлены",
      "5 изменений ещё не отправлено",
      "21 изменение ещё не отправлено",
    ]);
  });

  it("are all there that the sources ask for", () => {
    const asked = [...code.matchAll(/\bt\(\s*"([a-zA-Z.]+)"/g)].map(([, key]) => key ?? "");
    expect(asked.length).toBeGreaterThan(50);
    expect(asked.filter((key) => !(key in allWords.en))).toEqual([]);
  });

  it("are all used; reasons are used by their name from outside", () => {
    const named =
      /^(server\.|unlock\.|account\.|file\.|replica\.|signIn\.(refused|disabled)$|app\.(tooOld|replicaRestarted|replicaFailed)$)/;
    const unused = Object.keys(allWords.en).filter(
      (key) => !code.includes(`"${key}"`) && !named.test(key) && !(key in mailReasonWords.en),
    );
    expect(unused).toEqual([]);
  });

  it("explain every reason why an account at a provider does not work", () => {
    for (const reason of accountReasons) expect(allWords.en).toHaveProperty([`account.${reason}`]);
  });

  it("explain every reason why a file has no body or no preview", () => {
    for (const reason of previewReasons) expect(allWords.en).toHaveProperty([`files.preview.${reason}`]);
    for (const reason of fileRefusals) expect(allWords.en).toHaveProperty([`files.refused.${reason}`]);
  });
});

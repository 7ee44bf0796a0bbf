/**
 * Letters that look like Latin ones (a choice from Unicode TR 39 of what is found in forged names: Cyrillic, Greek, digits and
 * combinations), so that what reads alike is alike.
 */
const LIKE: Readonly<Record<string, string>> = {
  а: "a",
  в: "b",
  е: "e",
  ё: "e",
  к: "k",
  м: "m",
  н: "h",
  о: "o",
  р: "p",
  с: "c",
  т: "t",
  у: "y",
  х: "x",
  і: "i",
  ї: "i",
  ј: "j",
  ѕ: "s",
  ԁ: "d",
  ԛ: "q",
  ԝ: "w",
  ӏ: "l",
  һ: "h",
  ь: "b",
  г: "r",
  п: "n",
  α: "a",
  β: "b",
  γ: "y",
  ε: "e",
  η: "n",
  ι: "i",
  κ: "k",
  ν: "v",
  ο: "o",
  ρ: "p",
  τ: "t",
  υ: "u",
  χ: "x",
  ω: "w",
  ɑ: "a",
  ɡ: "g",
  ı: "i",
  ł: "l",
  ø: "o",
  đ: "d",
  ß: "b",
  "0": "o",
  "1": "l",
  "3": "e",
  "5": "s",
  "|": "l",
  і̇: "i",
};

/** The same for two texts that a reader would take for the same one. Not for showing. */
export function skeletonOf(text: string): string {
  const plain = text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}|\p{Cf}/gu, "");
  const letters = [...plain].map((char) => LIKE[char] ?? char).join("");
  return letters.replaceAll("rn", "m").replaceAll("vv", "w").replaceAll("cl", "d").replaceAll("i", "l");
}

/** One feature's words in both languages; a key that one of them lacks does not compile. Keys carry the feature's name. */
export const defineWords = <const English extends Readonly<Record<string, string>>>(
  en: English,
  ru: { readonly [Key in keyof English]: string },
) => ({ en, ru });

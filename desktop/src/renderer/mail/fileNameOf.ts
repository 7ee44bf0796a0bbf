/** A subject or a folder's name as the name of a file: without what no file system takes. */
export const fileNameOf = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\\/:*?"<>|]+/gu, " ")
    .trim()
    .slice(0, 80);

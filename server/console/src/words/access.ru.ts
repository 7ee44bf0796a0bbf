import type { accessEn } from "./access.en.ts";

export const accessRu: Readonly<Record<keyof typeof accessEn, string>> = {
  "app.access": "Доступ",
};

import type { accessEn } from "./access.en.ts";

export const accessRu: Readonly<Record<keyof typeof accessEn, string>> = {
  "app.access": "Доступ",
  "access.shape.json": "Это ещё не JSON.",
  "access.shape.object": "должно быть объектом",
  "access.shape.text": "должно быть текстом",
  "access.shape.texts": "должно быть списком текстов",
  "access.shape.list": "должно быть списком",
  "access.shape.title": 'должно быть текстом или парой: \'{\' "en": "…", "ru": "…" \'}\'',
  "access.shape.effect": 'должно быть "allow" или "deny"',
  "access.shape.sections": 'должно быть "*" или списком разделов',
  "access.shape.mask": 'должно быть "omit" или \'{\' "redact": "keep-last-4" \'}\'',
  "access.shape.example": "должен содержать субъекта, действие и ожидаемый ответ",
  "access.shape.condition": 'должно содержать ровно один оператор, например \'{\' "eq": ["obj.owner", "sub.id"] \'}\'',
  "access.shape.parts": "должно быть списком хотя бы из одного условия",
  "access.shape.operator": "содержит неизвестный оператор «{op}»",
  "access.shape.operands":
    "{count, plural, one {должно быть списком из # операнда} few {должно быть списком из # операндов} other {должно быть списком из # операндов}}",
};

import type { FieldDefinition } from "@kontor/server/objects";
import type { Label } from "@kontor/shared/base";

/** What several types of this office have alike. */
export const label = (en: string, ru: string): Label => ({ en, ru });

export const currencies = ["RUB", "EUR", "USD"] as const;

export const responsible = {
  kind: "person",
  label: label("Responsible", "Ответственный"),
  default: "me",
  required: true,
} as const satisfies FieldDefinition;

export const department = {
  kind: "department",
  label: label("Department", "Подразделение"),
  default: "mine",
  required: true,
} as const satisfies FieldDefinition;

export const channel = {
  kind: "choice",
  label: label("Sent by", "Способ доставки"),
  options: [
    { key: "email", label: label("E-mail", "Электронная почта") },
    { key: "post", label: label("Post", "Почта") },
    { key: "courier", label: label("Courier", "Курьер") },
    { key: "edi", label: label("Electronic document exchange", "ЭДО") },
  ],
} as const satisfies FieldDefinition;

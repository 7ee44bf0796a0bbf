import type { Pack } from "@kontor/server/objects";
import { label } from "./types/common.ts";

/** What this office says of people beyond department, position and groups; policies ask for it as `sub.<name>`. */
export const subjectAttributes: NonNullable<Pack["subjectAttributes"]> = {
  clearance: {
    kind: "number",
    label: label("Clearance", "Уровень допуска"),
    options: [
      { value: 0, label: label("0 – none", "0 — нет") },
      { value: 1, label: label("1 – internal", "1 — для служебного пользования") },
      { value: 2, label: label("2 – confidential", "2 — конфиденциально") },
      { value: 3, label: label("3 – secret", "3 — секретно") },
    ],
  },
  sites: { kind: "texts", label: label("Sites", "Площадки") },
};

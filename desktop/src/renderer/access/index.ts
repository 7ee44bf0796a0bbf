export { AccessProvider, useAccess } from "./AccessProvider.tsx";
export { formatUntil } from "./formatUntil.ts";
export { HiddenSections, NotVisible, OpenUntil, ReasonTooltip, WithReason } from "./marks.tsx";
export type { AccessQuestion } from "./question.ts";
export { RequestsView } from "./RequestsView.tsx";
export { useReason } from "./useReason.ts";
export { useRefusalWords } from "./useRefusalWords.ts";

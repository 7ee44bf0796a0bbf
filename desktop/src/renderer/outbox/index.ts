export { IssuesView } from "./IssuesView.tsx";
export { OutboxView } from "./OutboxView.tsx";
export { useIntentName } from "./useIntentName.ts";

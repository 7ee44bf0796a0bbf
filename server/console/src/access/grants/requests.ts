import type { AccessRequestDoc } from "@kontor/shared/access";

export const requestStates = ["open", "granted", "refused", "ended"] as const;
export type RequestState = (typeof requestStates)[number];

/** A request as administrators see it; without a `title` they cannot see its record. */
export interface RequestRow extends Omit<AccessRequestDoc, "state" | "recipients"> {
  readonly title?: string;
  readonly state: RequestState;
  readonly recipients: readonly string[];
}

export interface RequestsReply {
  readonly requests: readonly RequestRow[];
  readonly next?: string;
}

/** The answer that is being given, and to what. */
export interface Answering {
  readonly request: RequestRow;
  readonly how: "grant" | "refuse";
}

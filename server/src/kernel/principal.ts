/** Who is asking, as authentication found it. What they may do is access's business (`Subject`). */
export interface Principal {
  readonly userId: string;
  readonly login: string;
  readonly name: string;
  readonly isAdmin: boolean;
  readonly channel: "desktop" | "console" | "api";
  readonly sessionId?: string;
  readonly deviceId?: string;
  /** A personal access token's scopes; a session has all of them. */
  readonly scopes: readonly Scope[];
}

export type Scope = "read" | "write" | "admin";

/** Who is asking, as authentication found it. What they may do is access's business (`Subject`). */
export interface Principal {
  readonly userId: string;
  readonly login: string;
  readonly name: string;
  readonly isAdmin: boolean;
  readonly channel: "desktop" | "console" | "api";
  readonly sessionId?: string;
  readonly deviceId?: string;
  /** Whether an administrator marked the device as trusted. Absent: no device is known. */
  readonly deviceTrusted?: boolean;
  /** How the session was signed in to: 1 by password alone. Absent: a token, without a session. */
  readonly factorLevel?: number;
  /** Another system with an identity of its own: nobody's account, and no person anywhere. */
  readonly isService?: true;
  /** A token's scopes; a session has all of them. */
  readonly scopes: readonly Scope[];
}

/** `evaluate`: asking for decisions, and nothing else. */
export const scopes = ["read", "write", "admin", "evaluate"] as const;
export type Scope = (typeof scopes)[number];

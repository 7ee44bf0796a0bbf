import type { MailboxRole } from "@kontor/shared/mail";

/** The answers of mail's administration, as the API describes them. */
export interface MailDomain {
  readonly name: string;
  readonly createdAt: string;
  readonly checkedAt: string | null;
  readonly addresses: number;
  readonly findings: readonly Finding[];
  readonly keys: readonly DomainKey[];
}

export const findingKinds = ["mx", "spf", "dkim", "dmarc", "ptr"] as const;
export interface Finding {
  readonly what: (typeof findingKinds)[number];
  readonly state: "ok" | "poor" | "missing" | "unknown";
  readonly reason:
    | "fine"
    | "none"
    | "silent"
    | "elsewhere"
    | "several"
    | "broken"
    | "notUs"
    | "differs"
    | "revoked"
    | "watchOnly"
    | "noAddress"
    | "otherName"
    | "relayed";
  readonly found: readonly string[];
  readonly wanted?: { readonly name: string; readonly type: string; readonly value: string };
  readonly selector?: string;
  readonly algorithm?: "rsa" | "ed25519";
}

export interface DomainKey {
  readonly id: string;
  readonly selector: string;
  readonly algorithm: "rsa" | "ed25519";
  readonly state: "pending" | "active" | "retired";
  readonly createdAt: string;
  readonly record: { readonly name: string; readonly value: string };
}

export const queueStates = [
  "waiting",
  "delayed",
  "sending",
  "held",
  "delivered",
  "relayed",
  "failed",
  "cancelled",
] as const;
export type QueueState = (typeof queueStates)[number];
export const queueActs = ["retry", "hold", "cancel"] as const;
export type QueueAct = (typeof queueActs)[number];

export interface QueueRow {
  readonly id: string;
  readonly state: QueueState;
  readonly sender: string;
  readonly recipient: string;
  readonly size: number;
  readonly route: "own" | "account";
  readonly attempts: number;
  readonly queuedAt: string;
  readonly lastAt: string | null;
  readonly nextAt: string | null;
  readonly finishedAt: string | null;
  readonly reply: string | null;
}

export interface QueuePage {
  readonly rows: readonly QueueRow[];
  readonly next?: string;
  readonly counts: Readonly<Record<"waiting" | "delayed" | "sending" | "held" | "oldestSeconds", number>>;
}

export interface QuarantineRow {
  readonly id: string;
  readonly from: string;
  readonly recipients: readonly string[];
  readonly size: number;
  readonly receivedAt: string;
  readonly attempts: number;
  readonly ip: string | null;
  readonly reason: string;
  readonly message: string | null;
}

export interface AdminMailbox {
  readonly id: string;
  readonly kind: "personal" | "shared" | "external";
  readonly name: string;
  readonly addresses: readonly string[];
  readonly ownerId: string | null;
  readonly departmentId: string | null;
  readonly members: readonly MailboxMember[];
  readonly disabled: boolean;
  readonly messages: number;
}
export interface MailboxMember {
  readonly userId: string;
  readonly role: MailboxRole;
}

export interface MailGroup {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly userGroupId: string | null;
  readonly mailboxIds: readonly string[];
}

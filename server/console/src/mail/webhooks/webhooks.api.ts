import { useQuery } from "@tanstack/react-query";
import { call } from "../../api/api.ts";

export interface Webhook {
  readonly id: string;
  readonly mailboxId: string;
  readonly mailbox: string;
  readonly owner: string;
  readonly host: string;
  readonly events: readonly string[];
  readonly state: "on" | "off";
  readonly offReason: "failing" | "gone" | null;
  readonly failingSince: string | null;
  readonly waiting: number;
  readonly deliveredAt: string | null;
  readonly createdAt: string;
}

export interface WebhookEvent {
  readonly id: string;
  readonly name: string;
  readonly at: string;
  readonly state: "waiting" | "delivered" | "failed" | "dropped";
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly status: number | null;
  readonly reason: "private" | "unreachable" | "timeout" | "certificate" | "status" | "notVisible" | "off" | null;
}

const LOOK_MS = 5_000; // somebody who mends a receiver watches

export const useWebhooks = () =>
  useQuery({
    queryKey: ["mail-webhooks"],
    queryFn: async () => (await call<{ webhooks: readonly Webhook[] }>("GET", "/admin/mail/webhooks")).webhooks,
    refetchInterval: LOOK_MS,
  });

export const useWebhookEvents = (id: string) =>
  useQuery({
    queryKey: ["mail-webhook-events", id],
    queryFn: async () =>
      (await call<{ events: readonly WebhookEvent[] }>("GET", `/admin/mail/webhooks/${id}/events`)).events,
    refetchInterval: 1_000, // a test is answered at once, or not
  });

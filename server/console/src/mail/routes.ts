import { addressOf, type Query } from "../app/route.ts";

/** The addresses of Mail. */
export const mailViews = ["mailboxes", "domains", "queue", "quarantine", "accounts", "webhooks"] as const;
export type MailView = (typeof mailViews)[number];

export const mailAddress = (view: MailView, query?: Query): string =>
  addressOf("mail", view === "mailboxes" ? [] : [view], query);

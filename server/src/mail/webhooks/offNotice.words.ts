import type { Locale } from "@kontor/shared/base";
import type { OffReason } from "#webhooks";

interface OffWords {
  readonly from: string;
  readonly subject: (host: string) => string;
  readonly what: (host: string, mailbox: string) => string;
  readonly why: Readonly<Record<OffReason, string>>;
  readonly next: string;
}

export const offWords: Readonly<Record<Locale, OffWords>> = {
  en: {
    from: "Kontor",
    subject: (host) => `A webhook was switched off: ${host}`,
    what: (host, mailbox) => `${host} is no longer told of what happens in the mailbox “${mailbox}”.`,
    why: {
      failing: "For three days it did not take a single event.",
      gone: "It answered that it is gone for good (410).",
    },
    next: "What was waiting for it is not told any more. When its receiver works again, switch the webhook on.",
  },
  ru: {
    from: "Kontor",
    subject: (host) => `Вебхук выключен: ${host}`,
    what: (host, mailbox) => `${host} больше не получает известий о том, что происходит в ящике «${mailbox}».`,
    why: {
      failing: "Три дня он не принял ни одного события.",
      gone: "Он ответил, что закрыт навсегда (410).",
    },
    next: "То, что его ждало, больше не отправляется. Когда получатель снова заработает, включите вебхук.",
  },
};

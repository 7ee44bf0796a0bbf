import type { Locale } from "@kontor/shared/base";

/** What a sender is told, in their language. */
interface NoticeWords {
  readonly from: string;
  readonly subjectFailed: (subject: string) => string;
  readonly subjectDelayed: (subject: string) => string;
  readonly failed: string;
  readonly delayed: (until: string) => string;
  readonly said: (reply: string) => string;
  readonly silence: string;
  readonly about: (subject: string, sentAt: string) => string;
}

export const noticeWords: Readonly<Record<Locale, NoticeWords>> = {
  en: {
    from: "Mail delivery",
    subjectFailed: (subject) => `Not delivered: ${subject}`,
    subjectDelayed: (subject) => `Not delivered yet: ${subject}`,
    failed: "Your message did not reach these recipients, and it is not tried any more:",
    delayed: (until) =>
      `Your message has not reached these recipients yet. It is tried again until ${until}; you need not send it again.`,
    said: (reply) => `The far server said: ${reply}`,
    silence: "The far server said nothing.",
    about: (subject, sentAt) => `The message: “${subject}”, ${sentAt}`,
  },
  ru: {
    from: "Доставка почты",
    subjectFailed: (subject) => `Не доставлено: ${subject}`,
    subjectDelayed: (subject) => `Пока не доставлено: ${subject}`,
    failed: "Ваше письмо не дошло до этих получателей, и новых попыток не будет:",
    delayed: (until) =>
      `Ваше письмо пока не дошло до этих получателей. Попытки продолжатся до ${until}; отправлять его ещё раз не нужно.`,
    said: (reply) => `Ответ сервера: ${reply}`,
    silence: "Сервер не ответил.",
    about: (subject, sentAt) => `Письмо: «${subject}», ${sentAt}`,
  },
};

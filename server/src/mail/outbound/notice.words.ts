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
  readonly why: Readonly<Record<Why, string>>;
}

/** What an answer comes to, for somebody who sends mail and does not read RFCs. */
export const whys = [
  "noMailbox",
  "noDomain",
  "takesNoMail",
  "full",
  "tooLarge",
  "refused",
  "unreachable",
  "expired",
  "unknown",
] as const;
export type Why = (typeof whys)[number];

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
    why: {
      noMailbox: "There is no such mailbox. Check the address.",
      noDomain: "There is no such domain. Check what stands behind the @.",
      takesNoMail: "This domain takes no mail.",
      full: "The mailbox is full.",
      tooLarge: "The message is larger than the far server takes. Send large files as a link.",
      refused: "The far server refuses the message, by its rules or because it takes it for unwanted.",
      unreachable: "The far server cannot be reached.",
      expired: "The far server did not take it for five days.",
      unknown: "The far server refuses the message.",
    },
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
    why: {
      noMailbox: "Такого почтового ящика нет. Проверьте адрес.",
      noDomain: "Такого домена нет. Проверьте то, что стоит после @.",
      takesNoMail: "Этот домен не принимает почту.",
      full: "Почтовый ящик переполнен.",
      tooLarge: "Письмо больше, чем принимает сервер. Большие файлы отправляйте ссылкой.",
      refused: "Сервер отклонил письмо по своим правилам или счёл его нежелательным.",
      unreachable: "Сервер недоступен.",
      expired: "Сервер не принимал письмо в течение пяти дней.",
      unknown: "Сервер отклонил письмо.",
    },
  },
};

/** By enhanced code (RFC 3463), and by its class where it says no more. */
const BY_CODE: readonly (readonly [RegExp, Why])[] = [
  [/^[45]\.1\.(?:1|6)$/, "noMailbox"],
  [/^[45]\.1\.2$/, "noDomain"],
  [/^5\.1\.10$/, "takesNoMail"],
  [/^[45]\.2\.2$/, "full"],
  [/^[45]\.(?:3\.4|2\.3)$/, "tooLarge"],
  [/^[45]\.4\./, "unreachable"],
  [/^[45]\.7\./, "refused"],
];

export function whyOf(reply: string): Why {
  const [, enhanced] = /^\d{3} (\d\.\d{1,3}\.\d{1,3})\b/.exec(reply) ?? [];
  const known = enhanced === undefined ? undefined : BY_CODE.find(([pattern]) => pattern.test(enhanced));
  if (known) return known[1];
  if (!/^\d{3}\b/.test(reply)) return "unreachable";
  return "unknown";
}

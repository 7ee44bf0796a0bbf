import type { Label } from "../base/index.ts";

/**
 * What an answer about a delivery comes to, for somebody who sends mail and does not read RFCs. A row of the queue keeps the
 * answer itself, a line of English or of whatever the far server speaks; its reader is told the reason in their own language, with
 * the far server's words beside it.
 */
export const deliveryReasonWords = {
  noMailbox: {
    en: "There is no such mailbox. Check the address.",
    ru: "Такого почтового ящика нет. Проверьте адрес.",
  },
  noDomain: {
    en: "There is no such domain. Check what stands behind the @.",
    ru: "Такого домена нет. Проверьте то, что стоит после @.",
  },
  takesNoMail: { en: "This domain takes no mail.", ru: "Этот домен не принимает почту." },
  full: { en: "The mailbox is full.", ru: "Почтовый ящик переполнен." },
  tooLarge: {
    en: "The message is larger than the far server takes. Send large files as a link.",
    ru: "Письмо больше, чем принимает сервер. Большие файлы отправляйте ссылкой.",
  },
  refused: {
    en: "The far server refuses the message, by its rules or because it takes it for unwanted.",
    ru: "Сервер отклонил письмо по своим правилам или счёл его нежелательным.",
  },
  unreachable: { en: "The far server cannot be reached.", ru: "Сервер недоступен." },
  expired: {
    en: "The far server did not take it for five days.",
    ru: "Сервер не принимал письмо в течение пяти дней.",
  },
  later: { en: "The far server asks to come again later.", ru: "Сервер просит повторить попытку позже." },
  unknown: { en: "The far server refuses the message.", ru: "Сервер отклонил письмо." },
  sendsNothing: {
    en: "This server sends no mail to others: KONTOR_SMTP_SEND is off.",
    ru: "Этот сервер не отправляет почту наружу: KONTOR_SMTP_SEND выключен.",
  },
  noAccounts: {
    en: "Mail of accounts at providers does not leave here.",
    ru: "Почта ящиков у провайдеров отсюда не уходит.",
  },
  accountOff: { en: "The account is switched off.", ru: "Учётная запись отключена." },
  accountRefused: {
    en: "The account cannot sign in to its provider.",
    ru: "Учётная запись не может войти у своего провайдера.",
  },
  attemptLost: {
    en: "This server stopped while it was sending. The message may have been taken all the same.",
    ru: "Наш сервер остановился во время отправки. Возможно, письмо всё же принято.",
  },
} as const satisfies Record<string, Label>;
export type DeliveryReason = keyof typeof deliveryReasonWords;

/**
 * Why something waits without a far server having said so: in the queue, in logs and in notices the English words stand where an
 * answer would.
 */
const own = [
  "sendsNothing",
  "noAccounts",
  "accountOff",
  "accountRefused",
  "attemptLost",
] as const satisfies DeliveryReason[];
export const ownAnswers = Object.fromEntries(own.map((key) => [key, deliveryReasonWords[key].en])) as Readonly<
  Record<(typeof own)[number], string>
>;

export interface DeliveryAnswer {
  readonly reason: DeliveryReason;
  /** The answer in its own words; absent where it is ours, and all said by the reason. */
  readonly said?: string;
}

/** `isOver`: nobody tries again, so what was "later" has become "never". */
export function readAnswer(reply: string, { isOver }: { readonly isOver: boolean }): DeliveryAnswer {
  const ours = own.find((key) => deliveryReasonWords[key].en === reply);
  return ours ? { reason: ours } : { reason: reasonOf(reply, isOver), ...(reply === "" ? {} : { said: reply }) };
}

/** `550 5.1.1 No such user`; of a bounce the code may be missing. */
const ANSWER = /^(?:(?<code>\d{3})(?: |$))?(?<enhanced>[245]\.\d{1,3}\.\d{1,3}\b)?/;

/** By enhanced code (RFC 3463); of its class, and of an answer without one, no more is known than whether it is for good. */
const BY_CODE: readonly (readonly [RegExp, DeliveryReason])[] = [
  [/^[45]\.1\.[16]$/, "noMailbox"],
  [/^[45]\.1\.2$/, "noDomain"],
  [/^5\.1\.10$/, "takesNoMail"],
  [/^[45]\.2\.2$/, "full"],
  [/^[45]\.(?:3\.4|2\.3)$/, "tooLarge"],
  [/^[45]\.4\./, "unreachable"],
  [/^5\.7\./, "refused"],
];

function reasonOf(reply: string, isOver: boolean): DeliveryReason {
  const { code, enhanced } = ANSWER.exec(reply)?.groups ?? {};
  const leading = (enhanced ?? code)?.[0];
  if (leading === undefined) return "unreachable";
  const known = BY_CODE.find(([pattern]) => enhanced !== undefined && pattern.test(enhanced))?.[1];
  if (leading === "4" && isOver) return known === "unreachable" ? known : "expired";
  return known ?? (leading === "4" ? "later" : "unknown");
}

/**
 * Why something waits without any other server having been asked: the words stand where a far server's answer would, in logs and
 * notices as well. An interface says them in its reader's language; what far servers say is shown as they said it.
 */
export const ownAnswers = {
  sendsNothing: "This server sends no mail to others: KONTOR_SMTP_SEND is off.",
  noAccounts: "Mail of external accounts does not leave here.",
  accountOff: "The account is switched off.",
} as const;
export type OwnAnswer = keyof typeof ownAnswers;

/** Undefined: somebody else's words. */
export const ownAnswerOf = (reply: string): OwnAnswer | undefined =>
  (Object.keys(ownAnswers) as OwnAnswer[]).find((key) => ownAnswers[key] === reply);

import { expect, it } from "vitest";
import { deliveryReasonWords, ownAnswers, readAnswer } from "./delivery.reasons.ts";

it.each([
  ["550 5.1.1 No such user", "noMailbox"],
  ["5.1.1 No such user", "noMailbox"], // of a bounce
  ["550 5.1.2 Unknown host", "noDomain"],
  ["556 5.1.10 Null MX", "takesNoMail"],
  ["452 4.2.2 Over quota", "full"],
  ["552 5.3.4 Too big", "tooLarge"],
  ["554 5.7.1 Looks like spam", "refused"],
  ["450 4.7.1 Greylisted, come back", "later"],
  ["451 Try again", "later"],
  ["451", "later"],
  ["550 No", "unknown"],
  ["5.0.0 failed", "unknown"],
  ["451 4.4.1 No answer from host", "unreachable"],
  ["The DNS does not say where b.example takes mail (ETIMEOUT).", "unreachable"],
  ["", "unreachable"],
])("%j comes to %s", (reply, reason) =>
  expect(readAnswer(reply, { isOver: false })).toEqual({ reason, ...(reply === "" ? {} : { said: reply }) }),
);

it("what was for later, and is not tried any more, was too late", () => {
  const reasonAtLast = (reply: string) => readAnswer(reply, { isOver: true }).reason;
  expect(reasonAtLast("451 Try again")).toBe("expired");
  expect(reasonAtLast("452 4.2.2 Over quota")).toBe("expired");
  expect(reasonAtLast("451 4.4.1 No answer")).toBe("unreachable");
  expect(reasonAtLast("550 5.1.1 No such user")).toBe("noMailbox");
});

it("our own answers are known again, say all there is, and are said in both languages", () => {
  for (const [reason, words] of Object.entries(ownAnswers))
    expect(readAnswer(words, { isOver: true })).toEqual({ reason });
  for (const { en, ru } of Object.values(deliveryReasonWords)) {
    expect(ru).toMatch(/[а-я]/u);
    expect(en).not.toMatch(/[а-я]/u);
  }
});

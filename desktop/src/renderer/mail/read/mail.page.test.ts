import { expect, it } from "vitest";
import { checkLink } from "./mail.page.ts";

it.each([
  ["https://bank.example/login", "Log in", undefined],
  ["https://bank.example/login", "https://bank.example", undefined],
  ["https://www.bank.example/a", "bank.example", undefined],
  ["https://pay.bank.example/a", "www.bank.example", undefined],
  ["https://evil.example/a", "https://bank.example/login", "https://bank.example/login"],
  ["https://bank.example.evil.example/", "bank.example", "bank.example"],
  ["http://xn--bnk-5cd.example/", "bank.example", "bank.example"],
  ["mailto:anna@a.example", "https://bank.example", undefined],
  ["https://a.example/", "v1.2 of the contract", undefined],
  ["https://a.example/", "см. договор.docx и b.example", undefined],
])("%s behind %j claims %j", (address, text, claims) => {
  expect(checkLink(address, text).claims).toBe(claims);
});

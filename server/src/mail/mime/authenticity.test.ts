import { domainToASCII } from "node:url";
import { describe, expect, it } from "vitest";
import type { MailAddress } from "@kontor/shared/mail";
import { warningsOf } from "./authenticity.ts";

const own = { domains: ["kontor.example", "kontor-office.com"], names: ["Anna Kovács", "Анна Ковач", "Support"] };
const passed = { internal: false, spf: "pass", dkim: "pass", dmarc: "pass" } as const;
const unsigned = { internal: false, spf: "none", dkim: "none", dmarc: "none" } as const;
const from = (author: MailAddress, replyTo?: readonly MailAddress[]) => ({
  from: [author],
  to: [],
  cc: [],
  ...(replyTo && { replyTo }),
});

describe("warnings", () => {
  it("none for what was made here, whatever it says", () => {
    expect(warningsOf(from({ address: "x@evil.example", name: "Anna Kovács" }), { internal: true }, own)).toEqual([]);
  });

  it("none for ordinary mail from elsewhere", () => {
    expect(warningsOf(from({ address: "bert@partner.example", name: "Bert Meier" }), passed, own)).toEqual([]);
    expect(
      warningsOf(from({ address: "bert@partner.example" }, [{ address: "team@partner.example" }]), unsigned, own),
    ).toEqual([]);
    expect(warningsOf({ from: [], to: [], cc: [] }, unsigned, own)).toEqual([]);
  });

  it("dmarcFail: the domain says it was not from there", () => {
    expect(warningsOf(from({ address: "pay@bank.example" }), { internal: false, dmarc: "fail" }, own)).toEqual([
      "dmarcFail",
    ]);
  });

  it("ownDomainForged: our domain, from outside, and nobody signed it", () => {
    expect(warningsOf(from({ address: "anna@kontor.example" }), unsigned, own)).toEqual(["ownDomainForged"]);
    expect(warningsOf(from({ address: "list@lists.kontor.example" }), unsigned, own)).toEqual(["ownDomainForged"]);
    expect(warningsOf(from({ address: "anna@kontor.example" }), passed, own)).toEqual([]);
  });

  it.each([
    ["a colleague's name", "Anna Kovács"],
    ["in other order", "KOVACS, Anna"],
    ["without its accents", "anna kovacs"],
    ["with letters of another alphabet", "Аnnа Kоvасs"],
    ["with letters that cannot be seen", "Anna\u200b Kovács"],
    ["in Cyrillic", "анна ковач"],
    ["a shared mailbox", "Support"],
    ["an address of ours as a name", "anna@kontor.example"],
    ["an address of ours within a name", "Anna <anna@kontor.example>"],
  ])("nameLooksInternal: %s", (_what, name) => {
    expect(warningsOf(from({ address: "x@evil.example", name }), passed, own)).toContain("nameLooksInternal");
  });

  it.each(["Anna", "Anna Kovacs-Meier", "Bert Kovács", "", "Ann"])("nameLooksInternal: not %j", (name) => {
    expect(warningsOf(from({ address: "x@other.example", name }), passed, own)).toEqual([]);
  });

  it.each([
    ["one letter too many", "x@kontoor-office.com"],
    ["one letter too few", "x@kontor-ofice.com"],
    ["two letters swapped", "x@kontor-offcie.com"],
    ["rn for m, 0 for o", "x@k0ntor-office.com"],
    ["letters of another alphabet", "x@kоntor-office.com"],
    ["the same in its ASCII form", `x@${domainToASCII("kоntor-office.com")}`],
    ["an ending that is nearly ours", "x@kontor-office.co"],
    ["ours as the beginning of another", "x@kontor.example.evil.com"],
    ["letters of two alphabets in some other domain", "x@pаypal.com"],
  ])("lookalikeDomain: %s", (_what, address) => {
    expect(warningsOf(from({ address }), passed, own)).toContain("lookalikeDomain");
  });

  it.each(["x@kontor-office.de", "x@contour.example", "x@office.com", "x@пример.рф", "x@bücher.example"])(
    "lookalikeDomain: not %s",
    (address) => {
      expect(warningsOf(from({ address }), passed, own)).toEqual([]);
    },
  );

  it("replyToDiffers: the answer would go to another organisation", () => {
    expect(
      warningsOf(from({ address: "boss@partner.example" }, [{ address: "boss@freemail.example" }]), passed, own),
    ).toEqual(["replyToDiffers"]);
    expect(
      warningsOf(from({ address: "a@mail.partner.example" }, [{ address: "a@partner.example" }]), passed, own),
    ).toEqual([]);
    expect(
      warningsOf(from({ address: "a@news.partner.co.uk" }, [{ address: "a@partner.co.uk" }]), passed, own),
    ).toEqual([]);
    expect(
      warningsOf(from({ address: "a@partner.example" }, [{ address: "anna@kontor.example" }]), passed, own),
    ).toEqual([]);
  });
});

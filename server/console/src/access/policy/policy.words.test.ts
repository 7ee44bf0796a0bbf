import fc from "fast-check";
import { expect, it } from "vitest";
import type { Policy } from "@kontor/shared/access";
import type { Locale } from "../../words/words.ts";
import { catalogIn, legal } from "./catalog.fixture.ts";
import { anyPolicy } from "./policy.arbitrary.ts";
import { policyInWords, readShift } from "./policy.words.ts";

const inWords = (policy: Partial<Policy>, locale: Locale) =>
  policyInWords(
    { id: "a", title: "A", effect: "allow", resource: "contract", actions: ["read"], ...policy },
    catalogIn(locale),
  );

it("says a policy in one line, in both languages", () => {
  const when = { in: ["obj.department", "sub.departments"] } as const;
  expect(inWords({ when }, "en")).toBe("Allow · Contract · read · when department is in subject’s departments");
  expect(inWords({ when }, "ru")).toBe(
    "Разрешить · Договор · чтение · если подразделение входит в подразделения субъекта",
  );
});

it("puts groups in brackets, and names instead of ids", () => {
  const policy: Partial<Policy> = {
    effect: "deny",
    actions: ["transition:sign"],
    sections: ["terms"],
    when: {
      and: [
        { or: [{ eq: ["obj.state", "draft"] }, { eq: ["obj.owner", "sub.id"] }] },
        { not: { cidr: ["ctx.ip", "10.66.0.0/16"] } },
        { eq: ["obj.department", legal] },
      ],
    },
  };
  expect(inWords(policy, "en")).toBe(
    "Deny · Contract · Sign · Terms · when (state is Draft or owner is the subject) and not: network address is within 10.66.0.0/16 and department is Legal",
  );
  expect(inWords(policy, "ru")).toContain("(состояние — Черновик или владелец — субъект)");
});

it("says durations and hours as people do", () => {
  expect(inWords({ when: { after: ["obj.createdAt", "-P30D"] } }, "en")).toContain("created at is after 30 days ago");
  expect(inWords({ when: { after: ["obj.createdAt", { days: -30 }] } }, "ru")).toContain("позже, чем 30 дней назад");
  const hours = { from: "09:00", to: "18:00", days: ["mon", "fri"] as const, zone: "Europe/Moscow" };
  expect(inWords({ when: { within: ["ctx.time", hours] } }, "en")).toContain(
    "within Mon, Fri 09:00–18:00 Europe/Moscow",
  );
  expect(readShift("-P1Y2MT3H")).toEqual({ years: -1, months: -2, hours: -3 });
  expect(readShift("PT")).toBeUndefined();
});

it("says amounts with every digit and the currency's sign", () => {
  const lte = ["obj.owner", { amount: "900719925474099.31", currency: "EUR" }] as const;
  expect(inWords({ when: { lte } }, "en")).toContain("is at most €900,719,925,474,099.31");
});

it("has words for every policy that the language can express", () => {
  fc.assert(
    fc.property(anyPolicy, fc.constantFrom("en" as const, "ru" as const), (policy, locale) => {
      expect(policyInWords(policy, catalogIn(locale))).not.toMatch(/access\.words|undefined|\[object/);
    }),
  );
});

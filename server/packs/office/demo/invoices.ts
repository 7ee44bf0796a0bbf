import type { ImportedRecord } from "@kontor/server/objects";
import type { Calendar } from "./calendar.ts";
import { departmentId, personOf } from "./company.ts";
import type { DemoContract } from "./contracts.ts";
import { demoId, type Chance } from "./random.ts";

export interface DemoInvoice {
  readonly record: ImportedRecord;
  readonly contract: DemoContract;
  readonly amount: number;
  readonly number: string;
  readonly issuedOn: string;
  readonly dueOn: string;
}
type State = "draft" | "approval" | "approved" | "paid" | "cancelled";

const COUNT = 78;
const months = {
  ru: [
    "январь",
    "февраль",
    "март",
    "апрель",
    "май",
    "июнь",
    "июль",
    "август",
    "сентябрь",
    "октябрь",
    "ноябрь",
    "декабрь",
  ],
  en: [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
  ],
};

/** Invoices under the contracts in force: old ones paid, recent ones on their way. */
export function createInvoices(
  contracts: readonly DemoContract[],
  calendar: Calendar,
  chance: Chance,
): readonly DemoInvoice[] {
  const inForce = contracts.filter(({ state }) => state === "signed" || state === "archived");
  return Array.from({ length: COUNT }, (_, index): DemoInvoice => {
    const daysAgo = Math.max(0, Math.round(120 * (1 - index / (COUNT - 1))));
    const signedBefore = inForce.filter(({ record }) => record.createdAt < calendar.at(daysAgo + 14));
    const contract = signedBefore[index % signedBefore.length] ?? chance.pick(signedBefore);
    const { locale, responsible, counterparty, currency } = contract;
    const state: State =
      index % 19 === 7
        ? "cancelled"
        : daysAgo > 40
          ? "paid"
          : daysAgo > 22
            ? chance.pick(["paid", "approved"] as const)
            : daysAgo > 8
              ? "approval"
              : chance.pick(["draft", "approval"] as const);
    const amount = Math.max(100, Math.round(contract.amount / chance.whole(6, 24)));
    const issuedOn = calendar.day(daysAgo);
    const dueOn = calendar.day(daysAgo - contract.paymentDays);
    const month = months[locale][Number(issuedOn.slice(5, 7)) - 1] ?? "";
    const number =
      locale === "ru"
        ? `${chance.whole(10, 999)}/${issuedOn.slice(2, 4)}`
        : `RE-${issuedOn.slice(0, 4)}-${chance.whole(1000, 9999)}`;
    const head = personOf(responsible.manager ?? "elena");
    const accountant = personOf(locale === "ru" ? chance.pick(["lyudmila", "ekaterina", "svetlana"]) : "emma");
    const step = (transition: string, later: number, by: string) => ({
      at: calendar.at(Math.max(0, daysAgo - later), 12 + later, index % 60),
      by,
      transition,
    });
    const way = {
      draft: [],
      approval: [step("submit", 1, responsible.id)],
      approved: [step("submit", 1, responsible.id), step("approve", 2, head.id)],
      paid: [step("submit", 1, responsible.id), step("approve", 2, head.id), step("pay", 5, accountant.id)],
      cancelled: [step("submit", 1, responsible.id), step("cancel", 3, head.id)],
    } as const;
    const record: ImportedRecord = {
      id: demoId("invoice", String(index)),
      type: "invoice",
      createdAt: calendar.at(daysAgo, 10, index % 60),
      createdBy: responsible.id,
      fields: {
        subject: locale === "ru" ? `${contract.subject}, ${month}` : `${contract.subject}, ${month}`,
        direction: counterparty.role === "customer" ? "outgoing" : "incoming",
        theirNumber: number,
        counterparty: counterparty.id,
        contract: contract.record.id,
        issuedOn,
        dueOn,
        amount: { amount: `${amount}.${chance.pick(["00", "00", "50"])}`, currency },
        vat: locale === "ru" ? "vat20" : chance.pick(["none", "vat20"]),
        responsible: responsible.id,
        department: departmentId(responsible.department),
      },
      steps: way[state],
    };
    return { record, contract, amount, number, issuedOn, dueOn };
  });
}

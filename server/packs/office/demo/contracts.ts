import type { ImportedRecord, ImportedStep } from "@kontor/server/objects";
import type { Calendar } from "./calendar.ts";
import { departmentId, personOf, type DemoPerson } from "./company.ts";
import { counterparties, type DemoCounterparty } from "./counterparties.ts";
import { demoId, type Chance } from "./random.ts";

export interface DemoContract {
  readonly record: ImportedRecord;
  readonly locale: "en" | "ru";
  readonly counterparty: DemoCounterparty;
  readonly responsible: DemoPerson;
  readonly subject: string;
  readonly kind: string;
  readonly amount: number;
  readonly currency: "RUB" | "EUR" | "USD";
  readonly state: State;
  readonly paymentDays: number;
}
type State = "draft" | "approval" | "approved" | "signed" | "terminated" | "archived";

/** The way to each state, and who takes the step. */
const ways: Readonly<Record<State, readonly (readonly [transition: string, who: "owner" | "head" | "lawyer"])[]>> = {
  draft: [],
  approval: [["submit", "owner"]],
  approved: [
    ["submit", "owner"],
    ["approve", "head"],
  ],
  signed: [
    ["submit", "owner"],
    ["approve", "head"],
    ["sign", "lawyer"],
  ],
  terminated: [
    ["submit", "owner"],
    ["approve", "head"],
    ["sign", "lawyer"],
    ["terminate", "lawyer"],
  ],
  archived: [
    ["submit", "owner"],
    ["approve", "head"],
    ["sign", "lawyer"],
    ["archive", "lawyer"],
  ],
};

const routes = {
  ru: [
    "Санкт-Петербург — Екатеринбург",
    "Москва — Новосибирск",
    "Усть-Луга — Самара",
    "Санкт-Петербург — Минск",
    "Калининград — Тверь",
    "Мурманск — Казань",
  ],
  en: [
    "Hamburg – Saint Petersburg",
    "Rotterdam – Gdańsk",
    "Leeds – Hamburg",
    "Lyon – Bremerhaven",
    "Bergen – Hamburg",
    "Bursa – Hamburg",
  ],
};
const subjects: Readonly<
  Record<"en" | "ru", Readonly<Record<DemoCounterparty["role"], readonly (readonly [kind: string, subject: string])[]>>>
> = {
  ru: {
    customer: [
      ["services", "Перевозка контейнеров {route}"],
      ["services", "Экспедирование сборных грузов {route}"],
      ["services", "Хранение и комплектация на складе Шушары"],
      ["services", "Таможенное оформление импорта"],
      ["services", "Консультации по внешнеторговым операциям"],
    ],
    supplier: [
      ["supply", "Поставка паллет и упаковочной плёнки"],
      ["supply", "Поставка дизельного топлива"],
      ["supply", "Поставка светильников для склада"],
      ["supply", "Поставка стеллажей, вторая очередь"],
      ["licence", "Лицензия на систему учёта склада"],
    ],
    contractor: [
      ["services", "Погрузочно-разгрузочные работы на терминале"],
      ["works", "Ремонт кровли склада № 2"],
      ["services", "Уборка складских помещений"],
      ["services", "Охрана территории"],
      ["services", "Автоперевозки по Северо-Западу"],
    ],
    partner: [
      ["services", "Агентское обслуживание судозаходов"],
      ["services", "Консультации по внешнеторговым операциям"],
      ["lease", "Аренда площадки под контейнеры"],
    ],
  },
  en: {
    customer: [
      ["services", "Container transport {route}"],
      ["services", "Groupage freight {route}"],
      ["services", "Temperature-controlled transport {route}"],
      ["services", "Warehousing and order picking in Hamburg"],
      ["services", "Consulting on customs and trade"],
    ],
    supplier: [
      ["supply", "Supply of stretch wrapping machines"],
      ["licence", "Licence for route planning software"],
      ["services", "Cargo insurance, open cover"],
      ["supply", "Supply of handheld scanners"],
    ],
    contractor: [
      ["services", "Terminal handling in Hamburg"],
      ["works", "Refurbishment of gate 4"],
      ["services", "Stevedoring, summer season"],
    ],
    partner: [
      ["services", "Agency agreement for the Baltic"],
      ["lease", "Lease of container storage"],
      ["services", "Consulting on customs and trade"],
    ],
  },
};

const states: readonly State[] = [
  ...repeat("signed", 28),
  ...repeat("approval", 9),
  ...repeat("draft", 9),
  ...repeat("archived", 6),
  ...repeat("approved", 5),
  ...repeat("terminated", 3),
];

function repeat(item: State, times: number): readonly State[] {
  return Array.from({ length: times }, () => item);
}

const owners = {
  ru: { sell: ["ivan", "maria", "pavel"], buy: ["yulia", "roman", "andrey"] },
  en: { sell: ["james", "katarzyna", "luca"], buy: ["oliver", "henrik"] },
};

export function createContracts(calendar: Calendar, chance: Chance): readonly DemoContract[] {
  const withContracts = counterparties.filter(({ kind }) => kind !== "authority");
  return states.map((state, index) => {
    const counterparty = withContracts[(index * 7) % withContracts.length] ?? chance.pick(withContracts);
    const { locale } = counterparty;
    const isSale = counterparty.role === "customer" || counterparty.role === "partner";
    const responsible = personOf(chance.pick(owners[locale][isSale ? "sell" : "buy"]));
    const [kind, template] = chance.pick(subjects[locale][counterparty.role]);
    const subject = template.replace("{route}", chance.pick(routes[locale]));
    const daysAgo =
      state === "draft"
        ? chance.whole(0, 12)
        : state === "approval"
          ? chance.whole(4, 20)
          : state === "approved"
            ? chance.whole(12, 30)
            : chance.whole(60, 480);
    const currency = locale === "ru" ? "RUB" : chance.pick(["EUR", "EUR", "USD"] as const);
    const amount = chance.whole(12, 480) * (currency === "RUB" ? 25_000 : 500);
    const paymentDays = chance.pick([10, 14, 21, 30, 45]);
    return {
      record: recordOf(),
      locale,
      counterparty,
      responsible,
      subject,
      kind,
      amount,
      currency,
      state,
      paymentDays,
    };

    function recordOf(): ImportedRecord {
      const money = { amount: `${amount}.00`, currency };
      const first = { amount: `${Math.round(amount * 0.94)}.00`, currency };
      const isCorrected = index % 3 === 0;
      return {
        id: demoId("contract", String(index)),
        type: "contract",
        createdAt: calendar.at(daysAgo, 9, index % 50),
        createdBy: responsible.id,
        fields: {
          subject,
          kind,
          counterparty: counterparty.id,
          amount: isCorrected ? first : money,
          validFrom: calendar.day(daysAgo - 14),
          validTo: calendar.day(daysAgo - 14 - chance.pick([180, 365, 365, 730])),
          responsible: responsible.id,
          department: departmentId(responsible.department),
          summary: summaryOf(locale, subject, counterparty.name),
          paymentTerms:
            locale === "ru"
              ? `Оплата в течение ${paymentDays} календарных дней после подписания акта.`
              : `Payment within ${paymentDays} calendar days of the signed delivery note.`,
          paymentDays,
          penalty: chance.pick([0.05, 0.1, 0.1, 0.2]),
          renewal: chance.happens(0.4),
          noticeDays: chance.pick([30, 30, 60, 90]),
        },
        steps: [
          ...(isCorrected ? [{ at: calendar.at(daysAgo, 16), by: responsible.id, set: { amount: money } }] : []),
          ...stepsTo(state, daysAgo),
        ],
      };
    }

    function stepsTo(target: State, from: number): readonly ImportedStep[] {
      const lawyer = personOf(locale === "ru" ? "daria" : "clara");
      const who = { owner: responsible, head: personOf(responsible.manager ?? "elena"), lawyer };
      const length = ways[target].length;
      return ways[target].map(([transition, actor], step) => {
        const closes = transition === "terminate" || transition === "archive";
        // The last step of what is over lies a month back; the others follow each other within days.
        const at = closes ? Math.min(30, from - length * 2) : Math.max(0, from - 1 - step * 2);
        return { at: calendar.at(at, 11 + step, (index * 7) % 60), by: who[actor].id, transition };
      });
    }
  });
}

const summaryOf = (locale: "en" | "ru", subject: string, name: string): string =>
  locale === "ru"
    ? `${subject}. Контрагент: ${name}.\nОбъёмы и сроки согласуются заявками; цены — по приложению № 1.`
    : `${subject}, with ${name}.\nVolumes and dates are agreed by order; prices are in annex 1.`;

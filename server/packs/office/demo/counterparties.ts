import type { ImportedRecord } from "@kontor/server/objects";
import type { Calendar } from "./calendar.ts";
import { personOf } from "./company.ts";
import { demoId, type Chance } from "./random.ts";

export interface DemoCounterparty {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly locale: "en" | "ru";
  readonly role: "customer" | "supplier" | "contractor" | "partner";
  readonly city: string;
  readonly contact: string;
  readonly kind: "company" | "entrepreneur" | "authority";
}

type Row = readonly [
  key: string,
  name: string,
  role: DemoCounterparty["role"],
  city: string,
  contact: string,
  kind?: DemoCounterparty["kind"],
];

// Invented, all of them; addresses end in .example, which nobody can register (RFC 2606).
const rows: readonly Row[] = [
  ["baltterminal", "ООО «Балттерминал Юг»", "contractor", "Санкт-Петербург", "Игорь Панин"],
  ["meridian", "АО «Меридиан Авто»", "contractor", "Москва", "Лариса Котова"],
  ["polyus", "ООО «Полюс Упаковка»", "supplier", "Великий Новгород", "Степан Ручкин"],
  ["nevastan", "ООО «Невский станкостроитель»", "customer", "Колпино", "Аркадий Лунин"],
  ["uralchem", "АО «Урал Реагент»", "customer", "Екатеринбург", "Зоя Метелева"],
  ["severlen", "ООО «Северный лён»", "customer", "Вологда", "Антонина Рябова"],
  ["kaluga", "ООО «Калужские фасады»", "customer", "Калуга", "Пётр Дрозд"],
  ["agrovolga", "АО «Агро Волга»", "customer", "Самара", "Рустам Галеев"],
  ["tehnosvet", "ООО «Техносвет»", "supplier", "Тверь", "Алла Юрьева"],
  ["skladpro", "ООО «СкладПро»", "supplier", "Санкт-Петербург", "Максим Дуров"],
  ["chistiydom", "ООО «Чистый двор»", "contractor", "Санкт-Петербург", "Нина Осипова"],
  ["petrolain", "ООО «Петролайн Сервис»", "supplier", "Кириши", "Вадим Чернов"],
  ["okhrana", "ООО ЧОО «Рубеж Северо-Запад»", "contractor", "Санкт-Петербург", "Олег Басов"],
  ["ipkozlov", "ИП Козлов Артур Викторович", "contractor", "Гатчина", "Артур Козлов", "entrepreneur"],
  ["ipmironova", "ИП Миронова Инна Сергеевна", "partner", "Петрозаводск", "Инна Миронова", "entrepreneur"],
  ["tamozhnya", "Северо-Западный таможенный пост (учебный)", "partner", "Санкт-Петербург", "Отдел писем", "authority"],
  ["komitet", "Комитет по транспорту (учебный)", "partner", "Санкт-Петербург", "Приёмная", "authority"],
  ["hanseport", "Hanseport Terminal GmbH", "contractor", "Hamburg", "Jürgen Petersen"],
  ["nordkai", "Nordkai Shipping GmbH & Co. KG", "partner", "Bremerhaven", "Anke Lorenz"],
  ["brightwood", "Brightwood Furniture Ltd", "customer", "Leeds", "Harriet Doyle"],
  ["oakridge", "Oakridge Medical Supplies Ltd", "customer", "Bristol", "Simon Pryce"],
  ["vandermeer", "Van der Meer Bloemen B.V.", "customer", "Aalsmeer", "Joost van der Meer"],
  ["lumiere", "Lumière Cosmétiques S.A.S.", "customer", "Lyon", "Camille Roche"],
  ["fjordfisk", "Fjordfisk Eksport AS", "customer", "Bergen", "Ingrid Solheim"],
  ["kovarna", "Kovárna Morava a.s.", "customer", "Ostrava", "Tomáš Dvořák"],
  ["silesia", "Silesia Parts Sp. z o.o.", "customer", "Katowice", "Marek Zieliński"],
  ["anatolia", "Anatolia Tekstil A.Ş.", "customer", "Bursa", "Elif Kaya"],
  ["packright", "PackRight Machinery Inc.", "supplier", "Cleveland", "Debra Holt"],
  ["safehaul", "SafeHaul Insurance Brokers Ltd", "supplier", "London", "Nigel Ashworth"],
  ["cloudberry", "Cloudberry Software Oy", "supplier", "Helsinki", "Mikko Laine"],
];

export const counterparties: readonly DemoCounterparty[] = rows.map(
  ([key, name, role, city, contact, kind = "company"]) => ({
    id: demoId("counterparty", key),
    key,
    name,
    locale: /[а-яё]/i.test(name) ? "ru" : "en",
    role,
    city,
    contact,
    kind,
  }),
);

const COUNTRY: Readonly<Record<string, string>> = {
  Hamburg: "DE",
  Bremerhaven: "DE",
  Leeds: "GB",
  Bristol: "GB",
  London: "GB",
  Aalsmeer: "NL",
  Lyon: "FR",
  Bergen: "NO",
  Ostrava: "CZ",
  Katowice: "PL",
  Bursa: "TR",
  Cleveland: "US",
  Helsinki: "FI",
};

export function counterpartyRecords(calendar: Calendar, chance: Chance): readonly ImportedRecord[] {
  return counterparties.map((each, index): ImportedRecord => {
    const isForeign = each.locale === "en";
    const country = COUNTRY[each.city] ?? "";
    const keeper = personOf(
      chance.pick(isForeign ? ["james", "katarzyna", "luca", "oliver"] : ["ivan", "maria", "pavel", "yulia"]),
    );
    const daysAgo = 700 - index * 9;
    const digits = (count: number) => Array.from({ length: count }, () => chance.whole(0, 9)).join("");
    const createdAt = calendar.at(daysAgo, 10, index % 60);
    const bank = isForeign
      ? {
          bank: chance.pick(["Hanse Handelsbank", "Northern Trade Bank", "First Harbour Bank"]),
          ...(country === "DE" && { iban: germanIban(digits(18)) }),
          account: digits(10),
        }
      : {
          bank: chance.pick(["АО «Невский Торговый Банк»", "ПАО «Ладога Банк»", "АО «Банк Двина»"]),
          bankCode: `0440${digits(5)}`,
          account: `40702810${digits(12)}`,
        };
    return {
      id: each.id,
      type: "counterparty",
      createdAt,
      createdBy: keeper.id,
      fields: {
        name: each.name,
        kind: each.kind,
        roles: [each.role, ...(chance.happens(0.15) ? ["partner"] : [])],
        ...(each.kind !== "authority" && {
          taxId: isForeign ? `${country}${digits(9)}` : `78${digits(each.kind === "entrepreneur" ? 10 : 8)}`,
          registration: isForeign ? `HR ${digits(6)}` : `1${digits(12)}`,
        }),
        responsible: keeper.id,
        email: `info@${each.key}.example`,
        phone: isForeign
          ? `+${chance.whole(31, 49)} ${digits(3)} ${digits(6)}`
          : `+7 812 000-${digits(2)}-${digits(2)}`,
        website: `https://${each.key}.example`,
        contactPerson: each.contact,
        legalAddress: isForeign
          ? `${chance.whole(1, 180)} ${chance.pick(["Harbour Street", "Station Road", "Hafenstraße", "Market Square"])}, ${each.city}`
          : `${each.city}, ул. ${chance.pick(["Портовая", "Заводская", "Лесная", "Садовая"])}, д. ${chance.whole(1, 90)}`,
        ...(each.kind !== "authority" && bank),
      },
      steps: [
        ...(index % 4 === 0
          ? [
              {
                at: calendar.at(daysAgo - 60, 15),
                by: keeper.id,
                set: {
                  contactPerson: each.contact,
                  phone: isForeign
                    ? `+${chance.whole(31, 49)} ${digits(3)} ${digits(6)}`
                    : `+7 812 000-${digits(2)}-${digits(2)}`,
                },
              },
            ]
          : []),
        ...(each.key === "ipkozlov"
          ? [{ at: calendar.at(40, 12), by: personOf("mikhail").id, transition: "block" }]
          : []),
      ],
    };
  });
}

/** ISO 13616: the check digits make the whole 1 modulo 97. */
function germanIban(account: string): string {
  const remainder = [...`${account}131400`].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0);
  return `DE${String(98 - remainder).padStart(2, "0")}${account}`;
}

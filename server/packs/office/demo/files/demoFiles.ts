import { demoId, createChance } from "../random.ts";
import type { DemoCompany } from "../records.ts";
import { personOf, people } from "../company.ts";
import { incomingPdf, invoicePdf } from "./pdf.ts";
import { portrait, routeMap, warehousePlan } from "./picture.ts";
import { priceAnnex } from "./sheet.ts";
import { contractDocument, letterDocument } from "./word.ts";

export interface DemoFile {
  readonly id: string;
  readonly recordId: string;
  readonly field: string;
  readonly name: string;
  readonly mime: string;
  readonly at: string;
  readonly by: string;
  /** Drawn when asked for: forty papers at once would be megabytes for nothing. */
  bytes(): Promise<Buffer>;
}

const mimes = {
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  pdf: "application/pdf",
  png: "image/png",
} as const;

/** Papers for the records of the demo company. `numbers` are the automatic ones that the records were given. */
export function demoFiles(company: DemoCompany, numbers: ReadonlyMap<string, string>): readonly DemoFile[] {
  const files: DemoFile[] = [];
  const chance = createChance(4);
  const attach = (
    record: { readonly id: string; readonly createdAt: string; readonly createdBy: string },
    field: string,
    name: string,
    bytes: () => Promise<Buffer>,
  ) => {
    const ending = name.slice(name.lastIndexOf(".") + 1) as keyof typeof mimes;
    files.push({
      id: demoId("file", `${record.id} ${name}`),
      recordId: record.id,
      field,
      name,
      mime: mimes[ending],
      at: record.createdAt,
      by: record.createdBy,
      bytes,
    });
  };
  const numberOf = (id: string) => numbers.get(id) ?? "";
  const dayOf = (at: string) => at.slice(0, 10);

  const papered = [
    ...company.contracts.filter(({ state }) => state === "draft").slice(0, 3),
    ...company.contracts.filter(({ state }) => state === "approval").slice(0, 5),
    ...company.contracts.filter(({ state }) => state === "signed").slice(0, 8),
  ];
  for (const contract of papered) {
    const { record, locale } = contract;
    const number = numberOf(record.id);
    attach(record, "document", locale === "ru" ? `Договор ${number}.docx` : `Contract ${number}.docx`, () =>
      contractDocument(contract, { number, date: dayOf(record.createdAt) }),
    );
  }
  for (const contract of papered.slice(4, 9)) {
    attach(
      contract.record,
      "attachments",
      contract.locale === "ru" ? "Приложение 1. Цены.xlsx" : "Annex 1. Prices.xlsx",
      () => priceAnnex(contract, createChance(contract.amount)),
    );
  }
  for (const contract of papered.filter(({ subject }) => /[–—]/.test(subject)).slice(0, 3)) {
    const stops = (/([\p{L} -]+?) [–—] ([\p{L} -]+)$/u.exec(contract.subject) ?? [])
      .slice(1)
      .map((stop) => stop.trim());
    attach(contract.record, "attachments", contract.locale === "ru" ? "Схема маршрута.png" : "Route.png", () =>
      routeMap(
        [
          stops[0]?.replace(/^.*контейнеров |^.*грузов |^.*transport |^.*freight /, "") ?? "",
          ...(contract.locale === "ru" ? ["Тверь"] : ["Lübeck"]),
          stops[1] ?? "",
        ],
        contract.subject,
      ),
    );
  }
  for (const invoice of company.invoices.filter((_, index) => index % 9 === 4)) {
    attach(
      invoice.record,
      "scan",
      invoice.contract.locale === "ru"
        ? `Счёт ${invoice.number.replace("/", "-")}.pdf`
        : `Invoice ${invoice.number}.pdf`,
      () => invoicePdf(invoice),
    );
  }
  for (const letter of company.incoming.slice(-6)) {
    const facts = {
      number: numberOf(letter.record.id),
      date: dayOf(letter.record.createdAt),
      theirNumber: String(letter.record.fields.theirNumber),
    };
    attach(letter.record, "scan", letter.locale === "ru" ? "Письмо.pdf" : "Letter.pdf", () =>
      incomingPdf(letter, facts),
    );
  }
  for (const letter of company.outgoing.slice(-4)) {
    const facts = { number: numberOf(letter.record.id), date: dayOf(letter.record.createdAt) };
    attach(letter.record, "document", letter.locale === "ru" ? "Письмо.docx" : "Letter.docx", () =>
      letterDocument(letter, facts),
    );
  }
  const stocktaking = company.tasks.find(({ fields }) => fields.title === "Провести инвентаризацию стеллажей");
  if (stocktaking) attach(stocktaking, "files", "План склада.png", () => warehousePlan("ru"));
  const colours = ["#3b7db8", "#7a5fa8", "#4c8c6a", "#b0703c", "#a8485f"];
  for (const [index, person] of people.filter(({ demo }) => demo).entries()) {
    const card = company.employees.find(({ fields }) => fields.person === personOf(person.login).id);
    const colour = colours[index % colours.length] ?? chance.pick(colours);
    if (card && index < 5)
      attach(card, "photo", person.locale === "ru" ? "Фото.png" : "Photo.png", () => portrait(person.name, colour));
  }
  return files;
}

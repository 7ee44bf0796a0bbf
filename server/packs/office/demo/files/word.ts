import {
  AlignmentType,
  BorderStyle,
  Document,
  Footer,
  Header,
  HeadingLevel,
  Packer,
  PageNumber,
  Paragraph,
  Table,
  TableCell,
  TableRow,
  TextRun,
  WidthType,
} from "docx";
import type { DemoContract } from "../contracts.ts";
import type { DemoLetter } from "../letters.ts";
import { ACCENT, amountText, letterhead, longDate } from "./letterhead.ts";

/** A contract as lawyers write it: parties, numbered clauses, a price table and two signatures. */
export function contractDocument(
  contract: DemoContract,
  facts: { readonly number: string; readonly date: string },
): Promise<Buffer> {
  const { locale, counterparty, subject } = contract;
  const ru = locale === "ru";
  const us = letterhead(locale);
  const price = amountText(contract.amount, contract.currency, locale);
  const clauses: readonly (readonly [title: string, ...paragraphs: string[]])[] = ru
    ? [
        [
          "Предмет договора",
          `Исполнитель обязуется оказать услуги (выполнить работы, поставить товар): ${inSentence(subject)}, а Заказчик обязуется принять и оплатить их на условиях настоящего договора.`,
          "Объём, сроки и место исполнения стороны согласуют в заявках, которые являются неотъемлемой частью договора.",
        ],
        [
          "Права и обязанности сторон",
          "Исполнитель приступает к исполнению не позднее двух рабочих дней с даты получения заявки и незамедлительно сообщает об обстоятельствах, которые могут помешать исполнению.",
          "Заказчик предоставляет документы и сведения, необходимые для исполнения, и обеспечивает приёмку.",
        ],
        [
          "Цена и порядок расчётов",
          `Цена договора составляет ${price}, включая все налоги. Цены по позициям приведены в таблице ниже.`,
          `Оплата производится в течение ${contract.paymentDays} календарных дней с даты подписания акта.`,
        ],
        [
          "Ответственность сторон",
          "За просрочку оплаты начисляется неустойка в размере 0,1 % от неоплаченной суммы за каждый день просрочки, но не более 10 % от этой суммы.",
          "Стороны освобождаются от ответственности при обстоятельствах непреодолимой силы.",
        ],
        [
          "Срок действия и расторжение",
          "Договор вступает в силу с даты подписания и действует в течение одного года. Если за тридцать дней до окончания срока ни одна из сторон не заявит о расторжении, договор продлевается на тот же срок.",
        ],
        [
          "Прочие условия",
          "Споры разрешаются в Арбитражном суде города Санкт-Петербурга и Ленинградской области после досудебного урегулирования в срок тридцать дней.",
          "Договор составлен в двух экземплярах, имеющих равную юридическую силу.",
        ],
      ]
    : [
        [
          "Subject",
          `The Contractor undertakes to provide the following: ${inSentence(subject)}; the Customer undertakes to accept it and to pay for it as this contract says.`,
          "Volume, dates and place are agreed by written order; each order is part of this contract.",
        ],
        [
          "Obligations",
          "The Contractor begins no later than two working days after an order is received and reports without delay whatever may hinder performance.",
          "The Customer provides the papers and information that are needed, and takes delivery.",
        ],
        [
          "Price and payment",
          `The price under this contract is ${price}, inclusive of all taxes. The table below gives the single items.`,
          `Payment is due within ${contract.paymentDays} calendar days of the signed delivery note.`,
        ],
        [
          "Liability",
          "Late payment bears a penalty of 0.1 % of the sum outstanding for each day, up to 10 % of that sum.",
          "Neither party is liable for what lies beyond its control.",
        ],
        [
          "Term and termination",
          "The contract takes effect on signature and holds for one year. Unless one party gives notice thirty days before it ends, it renews for the same period.",
        ],
        [
          "Final provisions",
          "Disputes are settled by the courts of Hamburg after thirty days of negotiation. This contract is made in two copies of equal force.",
        ],
      ];
  const children = [
    centred(ru ? `ДОГОВОР № ${facts.number}` : `CONTRACT No. ${facts.number}`, { bold: true, size: 30 }),
    centred(subject, { size: 24 }),
    spread(ru ? "г. Санкт-Петербург" : "Hamburg", longDate(facts.date, locale)),
    body(
      ru
        ? `${us.name}, именуемое в дальнейшем «Сторона 1», в лице генерального директора Соколовой Елены Андреевны, действующей на основании устава, с одной стороны, и ${counterparty.name}, именуемое в дальнейшем «Сторона 2», в лице представителя: ${counterparty.contact}, с другой стороны, заключили настоящий договор о нижеследующем.`
        : `${us.name}, represented by its Managing Director Elena Sokolova ("Party 1"), and ${counterparty.name}, represented by ${counterparty.contact} ("Party 2"), agree as follows.`,
    ),
    ...clauses.flatMap(([title, ...paragraphs], index) => [
      heading(`${index + 1}. ${title}`),
      ...paragraphs.map((text, place) => body(`${index + 1}.${place + 1}. ${text}`)),
      ...(index === 2 ? [priceTable(contract)] : []),
    ]),
    heading(ru ? `${clauses.length + 1}. Подписи сторон` : `${clauses.length + 1}. Signatures`),
    signatures(
      [us.name, ...us.lines, "", "_______________ Е. А. Соколова"],
      [counterparty.name, counterparty.city, "", "", `_______________ ${counterparty.contact}`],
    ),
  ];
  return pack(children, locale, ru ? `Договор № ${facts.number}` : `Contract No. ${facts.number}`);
}

/** A letter on the company's paper. */
export function letterDocument(
  letter: DemoLetter,
  facts: { readonly number: string; readonly date: string },
): Promise<Buffer> {
  const { locale } = letter;
  const ru = locale === "ru";
  const children = [
    spread(
      ru ? `Исх. № ${facts.number} от ${longDate(facts.date, locale)}` : `Our ref. ${facts.number}`,
      ru ? "" : longDate(facts.date, locale),
    ),
    body(letter.counterpartyName),
    body(letter.contact),
    centred(letter.subject, { bold: true, size: 26 }),
    body(ru ? `Уважаемый партнёр!` : `Dear ${letter.contact},`),
    body(letter.text),
    body(
      ru
        ? "Будем признательны за ответ в течение десяти рабочих дней. По всем вопросам обращайтесь к исполнителю письма."
        : "We should be grateful for your reply within ten working days. The writer of this letter will be glad to answer any question.",
    ),
    body(ru ? "С уважением," : "Yours sincerely,"),
    body(letter.sender),
  ];
  return pack(children, locale, letter.subject);
}

const inSentence = (subject: string) => subject.charAt(0).toLowerCase() + subject.slice(1);

type Child = Paragraph | Table;

function pack(children: readonly Child[], locale: "en" | "ru", title: string): Promise<Buffer> {
  const { name, lines } = letterhead(locale);
  const header = new Header({
    children: [
      new Paragraph({ children: [new TextRun({ text: name, bold: true, size: 26, color: ACCENT })] }),
      ...lines.map(
        (line, index) =>
          new Paragraph({
            spacing: { after: index === lines.length - 1 ? 240 : 0 },
            ...(index === lines.length - 1 && {
              border: { bottom: { style: BorderStyle.SINGLE, size: 8, color: ACCENT, space: 6 } },
            }),
            children: [new TextRun({ text: line, size: 16, color: "666666" })],
          }),
      ),
    ],
  });
  const footer = new Footer({
    children: [
      new Paragraph({
        alignment: AlignmentType.CENTER,
        children: [
          new TextRun({
            size: 16,
            color: "666666",
            children: [`${title} · `, PageNumber.CURRENT, " / ", PageNumber.TOTAL_PAGES],
          }),
        ],
      }),
    ],
  });
  const file = new Document({
    title,
    creator: name,
    styles: { default: { document: { run: { font: "Liberation Serif", size: 22 } } } },
    sections: [
      {
        properties: { page: { margin: { top: 1_400, bottom: 1_100, left: 1_400, right: 1_000 } } },
        headers: { default: header },
        footers: { default: footer },
        children: [...children],
      },
    ],
  });
  return Packer.toBuffer(file);
}

const body = (text: string) =>
  new Paragraph({
    alignment: AlignmentType.JUSTIFIED,
    spacing: { after: 120, line: 290 },
    children: [new TextRun(text)],
  });
const heading = (text: string) =>
  new Paragraph({
    heading: HeadingLevel.HEADING_2,
    spacing: { before: 240, after: 120 },
    keepNext: true,
    children: [new TextRun({ text, bold: true, size: 24, color: ACCENT })],
  });
const centred = (text: string, run: { readonly bold?: boolean; readonly size: number }) =>
  new Paragraph({
    alignment: AlignmentType.CENTER,
    spacing: { after: 160 },
    children: [new TextRun({ text, ...run })],
  });

const none = { style: BorderStyle.NONE, size: 0, color: "FFFFFF" } as const;
const noBorders = {
  top: none,
  bottom: none,
  left: none,
  right: none,
  insideHorizontal: none,
  insideVertical: none,
} as const;

/** Two texts at the two margins. */
function spread(left: string, right: string): Table {
  const cell = (text: string, alignment: (typeof AlignmentType)[keyof typeof AlignmentType]) =>
    new TableCell({
      borders: noBorders,
      width: { size: 50, type: WidthType.PERCENTAGE },
      children: [new Paragraph({ alignment, spacing: { after: 200 }, children: [new TextRun(text)] })],
    });
  return new Table({
    width: { size: 100, type: WidthType.PERCENTAGE },
    borders: noBorders,
    rows: [new TableRow({ children: [cell(left, AlignmentType.LEFT), cell(right, AlignmentType.RIGHT)] })],
  });
}

function signatures(left: readonly string[], right: readonly string[]): Table {
  const cell = (lines: readonly string[]) =>
    new TableCell({
      borders: noBorders,
      width: { size: 50, type: WidthType.PERCENTAGE },
      children: lines.map(
        (line, index) =>
          new Paragraph({ spacing: { after: 60 }, children: [new TextRun({ text: line, bold: index === 0 })] }),
      ),
    });
  return new Table({
    width: { size: 100, type: WidthType.PERCENTAGE },
    borders: noBorders,
    rows: [new TableRow({ cantSplit: true, children: [cell(left), cell(right)] })],
  });
}

function priceTable(contract: DemoContract): Table {
  const ru = contract.locale === "ru";
  const parts = ru
    ? ["Основные услуги", "Документальное сопровождение", "Страхование груза"]
    : ["Main services", "Documents", "Cargo insurance"];
  const shares = [0.86, 0.09, 0.05];
  const rows = parts.map((part, index) => [
    String(index + 1),
    part,
    amountText(contract.amount * (shares[index] ?? 0), contract.currency, contract.locale),
  ]);
  const total = ["", ru ? "Итого" : "Total", amountText(contract.amount, contract.currency, contract.locale)];
  const head = ru ? ["№", "Наименование", "Сумма"] : ["No.", "Item", "Amount"];
  const row = (cells: readonly string[], bold = false) =>
    new TableRow({
      children: cells.map(
        (text, index) =>
          new TableCell({
            width: { size: [10, 60, 30][index] ?? 30, type: WidthType.PERCENTAGE },
            ...(bold && { shading: { fill: "EAF0F6" } }),
            margins: { top: 60, bottom: 60, left: 100, right: 100 },
            children: [
              new Paragraph({
                alignment: index === 2 ? AlignmentType.RIGHT : AlignmentType.LEFT,
                children: [new TextRun({ text, bold })],
              }),
            ],
          }),
      ),
    });
  return new Table({
    width: { size: 100, type: WidthType.PERCENTAGE },
    rows: [row(head, true), ...rows.map((cells) => row(cells)), row(total, true)],
  });
}

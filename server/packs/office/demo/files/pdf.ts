import PdfKit from "pdfkit";
import type { DemoInvoice } from "../invoices.ts";
import type { DemoLetter } from "../letters.ts";
import { ACCENT, amountText, fonts, letterhead, longDate } from "./letterhead.ts";

const MARGIN = 56; // points: 2 cm
const GREY = "#666666";
const BLUE = `#${ACCENT}`;

/** An invoice with its table, totals, stamp and signature. */
export function invoicePdf(invoice: DemoInvoice): Promise<Buffer> {
  const { contract, amount } = invoice;
  const { locale, counterparty, currency } = contract;
  const ru = locale === "ru";
  const isOurs = counterparty.role === "customer";
  const us = letterhead(locale);
  return draw(ru ? `Счёт ${invoice.number}` : `Invoice ${invoice.number}`, (pdf) => {
    head(
      pdf,
      isOurs
        ? us
        : {
            name: counterparty.name,
            lines: [
              counterparty.city,
              ru ? `Контактное лицо: ${counterparty.contact}` : `Contact: ${counterparty.contact}`,
            ],
          },
    );
    pdf
      .font("bold")
      .fontSize(18)
      .fillColor("black")
      .text(ru ? `Счёт № ${invoice.number}` : `Invoice ${invoice.number}`);
    pdf
      .font("regular")
      .fontSize(10.5)
      .fillColor(GREY)
      .text(
        ru
          ? `от ${longDate(invoice.issuedOn, locale)}, оплатить до ${longDate(invoice.dueOn, locale)}`
          : `${longDate(invoice.issuedOn, locale)}, due ${longDate(invoice.dueOn, locale)}`,
      );
    pdf
      .moveDown()
      .fillColor("black")
      .text(`${ru ? "Плательщик" : "Bill to"}: ${isOurs ? counterparty.name : us.name}`);
    pdf.text(`${ru ? "Основание" : "Under"}: ${contract.subject}`).moveDown();
    const lines = ru
      ? ["Услуги по договору", "Оформление документов", "Дополнительные расходы"]
      : ["Services under the contract", "Documents", "Additional expenses"];
    const shares = [0.9, 0.06, 0.04];
    const rows = lines.map((line, index) => [
      String(index + 1),
      line,
      "1",
      amountText(amount * (shares[index] ?? 0), currency, locale),
    ]);
    table(pdf, ru ? ["№", "Наименование", "Кол-во", "Сумма"] : ["No.", "Item", "Qty", "Amount"], rows);
    pdf
      .moveDown(0.5)
      .font("bold")
      .fontSize(12)
      .text(`${ru ? "Итого к оплате" : "Total due"}: ${amountText(amount, currency, locale)}`, { align: "right" });
    pdf
      .font("regular")
      .fontSize(9)
      .fillColor(GREY)
      .text(ru ? "В том числе НДС по действующей ставке." : "Including VAT at the rate in force.", { align: "right" });
    pdf
      .moveDown(2)
      .fontSize(10.5)
      .fillColor("black")
      .text(ru ? "Руководитель  ____________________" : "Authorised signature  ____________________");
    stamp(pdf, isOurs ? us.name : counterparty.name);
  });
}

/** A letter that came by post: the sender's paper, with the stamp of our registry in the corner. */
export function incomingPdf(
  letter: DemoLetter,
  facts: { readonly number: string; readonly date: string; readonly theirNumber: string },
): Promise<Buffer> {
  const { locale } = letter;
  const ru = locale === "ru";
  return draw(letter.subject, (pdf) => {
    head(pdf, {
      name: letter.counterpartyName,
      lines: [ru ? `Исх. № ${facts.theirNumber}` : `Ref. ${facts.theirNumber}`],
    });
    pdf.font("regular").fontSize(10.5).fillColor("black").text(letterhead(locale).name, { align: "right" });
    pdf.text(longDate(facts.date, locale), { align: "right" }).moveDown(2);
    pdf.font("bold").fontSize(13).text(letter.subject).moveDown();
    pdf
      .font("regular")
      .fontSize(11)
      .text(ru ? "Уважаемые коллеги!" : "Dear Sir or Madam,")
      .moveDown(0.5);
    pdf.text(letter.text, { align: "justify", lineGap: 3 }).moveDown(0.5);
    pdf.text(
      ru
        ? "Контактное лицо по данному вопросу указано ниже. Просим сообщить регистрационный номер нашего письма."
        : "Please quote our reference in your reply. The person named below will be glad to help.",
      { align: "justify", lineGap: 3 },
    );
    pdf
      .moveDown(2)
      .text(ru ? "С уважением," : "Yours faithfully,")
      .moveDown()
      .text(letter.contact);
    pdf.save().rect(360, 716, 180, 54).lineWidth(1.2).stroke("#8a2be2");
    pdf
      .fillColor("#8a2be2")
      .fontSize(9)
      .text(ru ? "ПОЛУЧЕНО" : "RECEIVED", 370, 724, { lineBreak: false });
    pdf.text(`${ru ? "Вх. №" : "No."} ${facts.number}`, 370, 738, { lineBreak: false });
    pdf.text(longDate(facts.date, locale), 370, 752, { lineBreak: false }).restore();
  });
}

type Pdf = InstanceType<typeof PdfKit>;

function draw(title: string, paint: (pdf: Pdf) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pdf = new PdfKit({ size: "A4", margin: MARGIN, info: { Title: title } });
    const chunks: Buffer[] = [];
    pdf.on("data", (chunk: Buffer) => chunks.push(chunk));
    pdf.on("end", () => resolve(Buffer.concat(chunks)));
    pdf.on("error", reject);
    pdf.registerFont("regular", fonts.regular);
    pdf.registerFont("bold", fonts.bold);
    paint(pdf);
    pdf.end();
  });
}

function head(pdf: Pdf, { name, lines }: { readonly name: string; readonly lines: readonly string[] }): void {
  pdf.font("bold").fontSize(14).fillColor(BLUE).text(name);
  pdf.font("regular").fontSize(8.5).fillColor(GREY);
  for (const line of lines) pdf.text(line);
  const y = pdf.y + 6;
  pdf
    .moveTo(MARGIN, y)
    .lineTo(pdf.page.width - MARGIN, y)
    .lineWidth(1)
    .stroke(BLUE);
  pdf.y = y + 20;
}

const COLUMNS = [
  { x: MARGIN, width: 30, align: "left" },
  { x: MARGIN + 34, width: 270, align: "left" },
  { x: MARGIN + 308, width: 50, align: "right" },
  { x: MARGIN + 362, width: 121, align: "right" },
] as const;
const ROW_HEIGHT = 22;

function table(pdf: Pdf, titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const left = MARGIN;
  const width = pdf.page.width - 2 * MARGIN;
  let y = pdf.y;
  pdf.rect(left, y, width, ROW_HEIGHT).fill("#eaf0f6");
  for (const [index, cells] of [titles, ...rows].entries()) {
    pdf
      .font(index === 0 ? "bold" : "regular")
      .fontSize(10)
      .fillColor("black");
    for (const [place, text] of cells.entries()) {
      const column = COLUMNS[place];
      if (column)
        pdf.text(text, column.x + 4, y + 6, { width: column.width - 8, align: column.align, lineBreak: false });
    }
    y += ROW_HEIGHT;
    pdf
      .moveTo(left, y)
      .lineTo(left + width, y)
      .lineWidth(0.5)
      .stroke("#c8d2dc");
  }
  pdf.x = left;
  pdf.y = y + 4;
}

/** The round stamp that a paper looks unfinished without. */
function stamp(pdf: Pdf, name: string): void {
  const [x, y] = [410, pdf.y + 30];
  pdf
    .save()
    .opacity(0.75)
    .circle(x, y, 46)
    .lineWidth(2)
    .stroke("#2a52be")
    .circle(x, y, 38)
    .lineWidth(0.8)
    .stroke("#2a52be");
  pdf
    .font("bold")
    .fontSize(7)
    .fillColor("#2a52be")
    .text(name, x - 34, y - 8, { width: 68, align: "center" })
    .restore();
}

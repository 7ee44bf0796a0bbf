import { Document, Packer, Paragraph, Table, TableCell, TableRow, TextRun, HeadingLevel } from "docx";
import PdfKit from "pdfkit";
import sharp from "sharp";
import writeExcel from "write-excel-file/node";

/** Real documents for tests, made by the libraries that real programs use. */
export async function sampleDocx({ paragraphs = 120 } = {}): Promise<Buffer> {
  const cells = (texts: string[]) =>
    new TableRow({ children: texts.map((text) => new TableCell({ children: [new Paragraph(text)] })) });
  const text = "The parties agree as follows. Стороны договорились о нижеследующем.";
  const document = new Document({
    sections: [
      {
        children: [
          new Paragraph({ text: "Supply contract 2026/117", heading: HeadingLevel.HEADING_1 }),
          new Table({ rows: [cells(["Item", "Price"]), cells(["Paper A4", "48 200,00"])] }),
          ...Array.from(
            { length: paragraphs },
            (_, at) => new Paragraph({ children: [new TextRun(`${at + 1}. ${text}`)] }),
          ),
        ],
      },
    ],
  });
  return await Packer.toBuffer(document);
}

export async function sampleXlsx(): Promise<Buffer> {
  const rows = Array.from({ length: 60 }, (_, at) => [
    { value: `Row ${at + 1}`, type: String },
    { value: at * 12.5, type: Number },
  ]);
  const made = await writeExcel(rows).toBuffer();
  return Buffer.from(made);
}

export function samplePdf({ pages = 3, size = [595, 842] as [number, number], password = "" } = {}): Promise<Buffer> {
  const document = new PdfKit({ size, autoFirstPage: false, ...(password ? { userPassword: password } : {}) });
  const chunks: Buffer[] = [];
  document.on("data", (chunk: Buffer) => chunks.push(chunk));
  for (let page = 1; page <= pages; page++) document.addPage().text(`Page ${page} of ${pages}`, 50, 50);
  document.end();
  return new Promise((resolve) => document.on("end", () => resolve(Buffer.concat(chunks))));
}

export const samplePng = (width = 1600, height = 900): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 4, background: { r: 200, g: 30, b: 30, alpha: 0.5 } } })
    .png()
    .toBuffer();

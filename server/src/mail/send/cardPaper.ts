import { Readable } from "node:stream";
import { DomainError, type Locale } from "@kontor/shared/base";
import type { RecordSheet } from "#objects";
import { PreviewFailure, type PdfSource } from "#previews";
import { cleanFileName } from "../mime/attachmentName.ts";
import type { OutgoingAttachment } from "../mime/buildMessage.ts";
import { escapeAttribute, escapeText } from "../mime/html/escape.ts";

/** What people outside get of a card to keep and print: the sheet that stands in the message, on paper. */
export async function paperOfCard(
  sheet: RecordSheet,
  locale: Locale,
  toPdf: (source: PdfSource) => Promise<Buffer>,
): Promise<OutgoingAttachment> {
  const bytes = await toPdf({ extension: "fodt", bytes: documentOf(sheet, locale) }).catch((error: unknown) => {
    // What lies at the document or at the server stays so; anything else, and a server that is too busy, is tried again.
    if (error instanceof PreviewFailure && error.reason !== "timeout") throw notMade(sheet.title);
    throw error;
  });
  return {
    name: `${cleanFileName(sheet.title).slice(0, MAX_NAME_CHARS)}.pdf`,
    mime: "application/pdf",
    inline: false,
    open: async () => Readable.from([bytes]),
  };
}

/** With its ending below what any system takes for a name. */
const MAX_NAME_CHARS = 100;

const notMade = (title: string) =>
  new DomainError(
    "invalid",
    `This server could not make a PDF of "${title}". Send its card without one, or tell your administrator.`,
    { reason: "send.cardPdf", params: { title } },
  );

/** An OpenDocument text in one file: it needs no packing, and looks the same wherever LibreOffice runs. */
export function documentOf({ kind, rows, title }: RecordSheet, locale: Locale): string {
  const country = locale === "ru" ? "RU" : "US";
  const paragraph = (style: string, text: string) => `<text:p text:style-name="${style}">${linesOf(text)}</text:p>`;
  const cells = rows.map(
    ({ label, text }) =>
      `<table:table-row><table:table-cell table:style-name="cell">${paragraph("label", label)}</table:table-cell>` +
      `<table:table-cell table:style-name="cell">${paragraph("value", text)}</table:table-cell></table:table-row>`,
  );
  const table =
    rows.length === 0
      ? ""
      : '<table:table table:name="fields" table:style-name="fields"><table:table-column table:style-name="labels"/>' +
        `<table:table-column table:style-name="values"/>${cells.join("")}</table:table>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<office:document ${NAMESPACES} office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">`,
    `<office:meta><dc:title>${escapeText(plain(title))}</dc:title><dc:language>${escapeAttribute(locale)}-${country}</dc:language></office:meta>`,
    stylesFor(locale, country),
    "<office:body><office:text>",
    kind === "" ? "" : paragraph("kind", kind),
    `<text:h text:style-name="title" text:outline-level="1">${linesOf(title)}</text:h>`,
    table,
    "</office:text></office:body></office:document>",
  ].join("\n");
}

const linesOf = (text: string): string =>
  plain(text)
    .split(/\r\n?|\n/)
    .map((line) => escapeText(line).replaceAll("\t", "<text:tab/>"))
    .join("<text:line-break/>");

// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** Without what XML 1.0 has no way to say. */
const plain = (text: string): string => text.toWellFormed().replaceAll(NOT_IN_XML, " ");

const NAMESPACES = [
  ["office", "urn:oasis:names:tc:opendocument:xmlns:office:1.0"],
  ["style", "urn:oasis:names:tc:opendocument:xmlns:style:1.0"],
  ["text", "urn:oasis:names:tc:opendocument:xmlns:text:1.0"],
  ["table", "urn:oasis:names:tc:opendocument:xmlns:table:1.0"],
  ["fo", "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"],
  ["dc", "http://purl.org/dc/elements/1.1/"],
]
  .map(([name, uri]) => `xmlns:${name}="${uri}"`)
  .join(" ");

/** A4, in a face that has Latin and Cyrillic wherever LibreOffice is installed. */
function stylesFor(locale: Locale, country: string): string {
  const style = (name: string, family: string, properties: string) =>
    `<style:style style:name="${name}" style:family="${family}">${properties}</style:style>`;
  const text = (size: number, more = "") =>
    `<style:text-properties style:font-name="sans" fo:font-size="${size}pt" fo:language="${locale}" fo:country="${country}" ${more}/>`;
  const spaced = (below: string) => `<style:paragraph-properties fo:margin-bottom="${below}"/>`;
  return [
    "<office:font-face-decls><style:font-face style:name=\"sans\" svg:font-family=\"'Liberation Sans', 'DejaVu Sans', Arial\"",
    ' xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" style:font-family-generic="swiss"/></office:font-face-decls>',
    "<office:automatic-styles>",
    '<style:page-layout style:name="page"><style:page-layout-properties fo:page-width="210mm" fo:page-height="297mm" fo:margin="20mm"/></style:page-layout>',
    style("kind", "paragraph", spaced("1mm") + text(10, 'fo:color="#667085"')),
    style("title", "paragraph", spaced("6mm") + text(17, 'fo:font-weight="bold"')),
    style("label", "paragraph", text(10, 'fo:color="#667085"')),
    style("value", "paragraph", text(11)),
    style("fields", "table", '<style:table-properties style:width="170mm" table:align="left"/>'),
    style("labels", "table-column", '<style:table-column-properties style:column-width="55mm"/>'),
    style("values", "table-column", '<style:table-column-properties style:column-width="115mm"/>'),
    style(
      "cell",
      "table-cell",
      '<style:table-cell-properties fo:padding="2mm" fo:padding-left="0mm" fo:border-bottom="0.5pt solid #d0d5dd"/>',
    ),
    "</office:automatic-styles>",
    '<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="page"/></office:master-styles>',
  ].join("");
}

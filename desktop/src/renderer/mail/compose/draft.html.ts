/**
 * The two forms of a draft's HTML. Saved, a picture of its own is named `cid:…`, as it will travel. In the editor it is shown
 * from this device's file cache, and what is quoted stands aside: it goes back byte for byte, whatever the editor could
 * have made of its tables and styles.
 */
export interface Quotation {
  readonly kind: QuotationKind;
  readonly html: string;
}
export type QuotationKind = "cite" | "forwarded";

const PICTURE = /<img\b[^>]*>/gi;
const MARKED = /\sdata-cid="([^"]*)"/;

/** Cleaning puts the rules of what is forwarded in front of everything; they belong to it. */
const SHEETS = /^(?:\s*<style\b[^>]*>[^]*?<\/style\s*>)+/i;

/** For the editor, whose pictures find their own addresses. */
export function shownHtml(saved: string): string {
  const sheets = SHEETS.exec(saved)?.[0] ?? "";
  return saved.slice(sheets.length).replace(`<div class="${FORWARDED_CLASS}">`, (opening) => opening + sheets);
}

/** For saving: pictures by their Content-ID, and each place of a quotation filled with what was quoted, in order. */
export function savedHtml(html: string, quotations: readonly Quotation[]): string {
  let next = 0;
  const withPictures = html.replace(PICTURE, (picture) => {
    const cid = MARKED.exec(picture)?.[1];
    if (cid === undefined || cid === "") return picture;
    const bare = picture.replace(MARKED, "").replace(/\ssrc="[^"]*"/, "");
    return bare.replace(/^<img/i, (opening) => `${opening} src="cid:${cid}"`);
  });
  // Without a break mail programs show an empty line not at all.
  return withPictures.replaceAll("<p></p>", "<p><br></p>").replace(PLACE, () => {
    const quotation = quotations[next++];
    return quotation ? quotationHtml(quotation) : "";
  });
}

/** Where a quotation stands in what the editor writes; its text is not in there, so nobody can write one by hand. */
const PLACE = /<(blockquote|div)\b[^>]*\sdata-quotation="[^"]*"[^>]*><\/\1>/g;

const quotationHtml = ({ html, kind }: Quotation): string =>
  kind === "cite" ? `<blockquote type="cite">${html}</blockquote>` : `<div class="${FORWARDED_CLASS}">${html}</div>`;

/** As `answerDraft` writes it, and as it is called after cleaning. */
export const FORWARDED_CLASS = "m-forwarded";

/** Content-IDs of the pictures that the text still shows, in quotations as well. */
export const shownCids = (html: string): ReadonlySet<string> =>
  new Set([...html.matchAll(/\b(?:src|data-background)="cid:([^"]+)"/gi)].map(([, cid]) => decoded(cid ?? "")));

const decoded = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");

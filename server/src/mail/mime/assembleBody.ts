import { mailLimits } from "@kontor/shared/mail";
import { decodeText } from "./charset.ts";
import { contentIdOf, contentLocationOf } from "./contentId.ts";
import { unfoldFlowed } from "./flowedText.ts";
import { cleanHtml } from "./html/cleanHtml.ts";
import { escapeText, storable } from "./html/escape.ts";
import { textOfHtml } from "./html/textOfHtml.ts";
import type { MimePart } from "./splitParts.ts";
import { decodeTransfer, findUuencoded, type Uuencoded } from "./transfer.ts";

/**
 * What of the parts is the message's text, and what is attached to it.
 *
 * - **BOD-1** Each part's HTML is cleaned by itself and comes out balanced: no part can put itself around another (EFAIL).
 * - **BOD-2** What is signed or encrypted is never merged with what surrounds it. Where a signed part has text, that is the text, and other
 *   texts beside it are attachments; of an encrypted part all is attached as it came.
 * - **BOD-3** Of a multipart/alternative one form is shown; of any other, all texts in their order.
 * - **BOD-4** A part that is no text of the message is an attachment. None is dropped without an oddity.
 */
export interface AssembledBody {
  readonly text: string;
  readonly html: string | undefined;
  readonly hasRemote: boolean;
  readonly isCut: boolean;
  /** In their order in the message, with what was uuencoded in its text. */
  readonly attached: readonly (MimePart | Uuencoded)[];
  /** Of the pictures that the HTML shows. */
  readonly cids: ReadonlySet<string>;
  readonly sealed: "signed" | "encrypted" | undefined;
  readonly oddities: ReadonlySet<string>;
}

/** A stretch of the message in one or two forms. */
interface Segment {
  readonly plain: readonly MimePart[];
  readonly html: readonly MimePart[];
}

export function assembleBody(root: MimePart): AssembledBody {
  const gatherer = new Gatherer();
  const segments = gatherer.gather(root);
  return new Renderer(gatherer).render(gatherer.signedText ?? segments);
}

class Gatherer {
  readonly attached: (MimePart | Uuencoded)[] = [];
  readonly oddities = new Set<string>();
  sealed: "signed" | "encrypted" | undefined;
  /** Of the first signed part; what is outside of it is no part of the text then. */
  signedText: readonly Segment[] | undefined;

  gather(part: MimePart): readonly Segment[] {
    switch (part.type.value) {
      case "multipart/alternative":
        return this.#alternative(part);
      case "multipart/related":
        return this.#related(part);
      case "multipart/signed":
        return this.#signed(part);
      case "multipart/encrypted":
        this.sealed = "encrypted";
        this.#attachAll(part.children);
        return [];
      default:
        return part.children.length > 0 ? this.#mixed(part) : this.#leaf(part);
    }
  }

  #leaf(part: MimePart): readonly Segment[] {
    if (SMIME.has(part.type.value)) this.#noteSmime(part);
    if (!isText(part)) {
      this.attached.push(part);
      return [];
    }
    return [part.type.value === "text/html" ? { plain: [], html: [part] } : { plain: [part], html: [] }];
  }

  #mixed({ children }: MimePart): readonly Segment[] {
    const before: Segment[] = [];
    const segments: Segment[] = [];
    for (const child of children) {
      const isBehindSigned = this.signedText !== undefined;
      const found = isNamedText(child) && segments.length > 0 ? this.#attachAll([child]) : this.gather(child);
      if (isBehindSigned) this.#attachAll(leavesOf(found));
      else if (this.signedText === undefined) before.push(...found);
      segments.push(...found);
    }
    if (this.signedText === undefined) return segments;
    this.#attachAll(leavesOf(before));
    return this.signedText;
  }

  #alternative({ children }: MimePart): readonly Segment[] {
    const forms = children.filter(({ type }) => type.value !== "text/x-amp-html").map((child) => this.gather(child));
    const plain =
      forms.find((segments) => segments.length > 0 && segments.every(({ html }) => html.length === 0)) ?? [];
    const rich = forms.findLast((segments) => segments.some(({ html }) => html.length > 0)) ?? [];
    if (rich.length === 0) return plain;
    if (plain.length === 0) return rich;
    // Two forms of one stretch; a rich form may itself be several parts.
    return [
      {
        plain: plain.flatMap((segment) => segment.plain),
        html: rich.flatMap(({ html, plain: own }) => (html.length > 0 ? html : own)),
      },
    ];
  }

  #related({ children, type }: MimePart): readonly Segment[] {
    const start = type.params.get("start");
    const root =
      children.find(({ headers }) => start !== undefined && headers.plain("content-id") === start) ?? children[0];
    const segments = root ? this.gather(root) : [];
    this.#attachAll(children.filter((child) => child !== root));
    return segments;
  }

  #signed({ children }: MimePart): readonly Segment[] {
    const [content, ...signatures] = children;
    const segments = content ? this.gather(content) : [];
    this.sealed ??= "signed";
    this.signedText ??= segments;
    this.#attachAll(signatures);
    return segments;
  }

  #attachAll(parts: readonly MimePart[]): readonly Segment[] {
    for (const part of parts) {
      if (part.children.length > 0) this.#attachAll(part.children);
      else this.attached.push(part);
    }
    return [];
  }

  #noteSmime({ type, body, encoding }: MimePart): void {
    const kind = type.params.get("smime-type")?.toLowerCase();
    // Without the parameter the content tells: the object identifier of signedData is 1.2.840.113549.1.7.2.
    const head = Buffer.from(decodeTransfer(body.subarray(0, 400), encoding)).toString("latin1");
    const isSigned =
      kind === undefined ? head.includes("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02") : kind.startsWith("signed");
    if (isSigned) this.sealed ??= "signed";
    else this.sealed = "encrypted";
  }
}

const SMIME = new Set(["application/pkcs7-mime", "application/x-pkcs7-mime"]);

function isText({ type, disposition }: MimePart): boolean {
  return (type.value === "text/plain" || type.value === "text/html") && disposition.value !== "attachment";
}

/** A text file that a program shows within the message; the message's own text has no name. */
const isNamedText = (part: MimePart): boolean =>
  isText(part) && (part.disposition.params.get("filename") ?? part.type.params.get("name")) !== undefined;

const isHtml = ({ type }: MimePart): boolean => type.value === "text/html";

const leavesOf = (segments: readonly Segment[]): readonly MimePart[] =>
  segments.flatMap(({ plain, html }) => [...plain, ...html]);

/** HTML that is longer than four times what may come out of it is no mail of a person's; it is shown as text. */
const MAX_HTML_SOURCE_CHARS = 4 * mailLimits.maxHtmlChars;

class Renderer {
  readonly #gathered: Gatherer;
  readonly #cids = new Set<string>();
  #isCut = false;
  #hasRemote = false;

  constructor(gathered: Gatherer) {
    this.#gathered = gathered;
  }

  render(segments: readonly Segment[]): AssembledBody {
    const texts = segments.map((segment) => this.#text(segment));
    const html = segments.some((segment) => segment.html.length > 0) ? this.#joinHtml(segments) : undefined;
    const text = texts
      .filter((each) => each.trim() !== "")
      .join("\n\n")
      .trimEnd();
    if (text.length > mailLimits.maxTextChars) this.#isCut = true;
    const { attached, oddities } = this.#gathered;
    return {
      text: text.slice(0, mailLimits.maxTextChars).toWellFormed(),
      html,
      hasRemote: html !== undefined && this.#hasRemote,
      isCut: this.#isCut,
      attached,
      cids: this.#cids,
      sealed: this.#gathered.sealed ?? sealOfText(text),
      oddities,
    };
  }

  #text({ plain, html }: Segment): string {
    const text = plain.map((part) => this.#plainText(part)).join("\n\n");
    // "Your program cannot show this" is often all there is, or nothing at all.
    if (text.trim() !== "" || html.length === 0) return text;
    return html.map((part) => (isHtml(part) ? textOfHtml(this.#htmlSource(part)) : this.#plainText(part))).join("\n\n");
  }

  #joinHtml(segments: readonly Segment[]): string | undefined {
    const parts = segments.flatMap(({ plain, html }) => (html.length > 0 ? html : plain));
    // A sheet speaks of the whole page: of several, one part's could hide what another says.
    const isOnlyOne = parts.filter(isHtml).length === 1;
    const pieces: string[] = [];
    let left: number = mailLimits.maxHtmlChars;
    for (const part of parts) {
      const piece = this.#htmlOf(part, left);
      left -= piece ? piece.sheet.length + piece.html.length : 0;
      if (piece === undefined || left < 0) {
        this.#isCut = true;
        return undefined;
      }
      pieces.push(piece.html);
      if (isOnlyOne) pieces.unshift(piece.sheet);
    }
    return pieces.join("");
  }

  #htmlOf(part: MimePart, maxChars: number): { readonly sheet: string; readonly html: string } | undefined {
    if (!isHtml(part)) {
      return { sheet: "", html: `<div style="white-space:pre-wrap">${escapeText(this.#plainText(part))}</div>` };
    }
    const source = this.#htmlSource(part);
    if (source.length >= MAX_HTML_SOURCE_CHARS) return undefined;
    const { html, sheet, cids, hasRemote, isCut } = cleanHtml(source, {
      maxChars,
      cidOf: (address) => this.#cidsByLocation().get(address),
    });
    for (const cid of cids) this.#cids.add(cid);
    this.#hasRemote ||= hasRemote;
    return isCut ? undefined : { sheet, html: html.slice(sheet.length) };
  }

  #locations: ReadonlyMap<string, string> | undefined;

  #cidsByLocation(): ReadonlyMap<string, string> {
    this.#locations ??= new Map(
      this.#gathered.attached.flatMap((part) => {
        const location = "headers" in part ? contentLocationOf(part) : undefined;
        const cid = "headers" in part ? contentIdOf(part) : undefined;
        return location === undefined || cid === undefined ? [] : [[location, cid] as const];
      }),
    );
    return this.#locations;
  }

  #htmlSource(part: MimePart): string {
    const bytes = this.#decoded(part, MAX_HTML_SOURCE_CHARS);
    const head = Buffer.from(bytes.subarray(0, 2_048)).toString("latin1");
    const meta = /<meta[^>]{0,200}charset\s*=\s*["']?(?<charset>[\w:-]{1,40})/i.exec(head)?.groups?.["charset"];
    return this.#decode(bytes, part.type.params.get("charset") ?? meta);
  }

  /** Decoded once a part: the text is asked for as text, as HTML and for what was uuencoded in it. */
  readonly #plain = new Map<MimePart, string>();

  #plainText(part: MimePart): string {
    const known = this.#plain.get(part);
    if (known !== undefined) return known;
    const all = this.#decoded(part, 4 * mailLimits.maxTextChars);
    const bytes = this.#withoutFiles(part, all);
    const lines = storable(this.#decode(bytes, part.type.params.get("charset")).replaceAll(/\r\n?/g, "\n"));
    const decoded = bytes === all ? lines : lines.replaceAll(/\n{3,}/g, "\n\n");
    const isFlowed = part.type.params.get("format")?.toLowerCase() === "flowed";
    const text = isFlowed ? unfoldFlowed(decoded, part.type.params.get("delsp")?.toLowerCase() === "yes") : decoded;
    this.#plain.set(part, text);
    return text;
  }

  /** Takes out what was uuencoded into the text, and attaches it. */
  #withoutFiles(part: MimePart, bytes: Uint8Array): Uint8Array {
    if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes("begin ")) return bytes;
    // The text may have been cut before the end of the file; the body has it all.
    const body = decodeTransfer(part.body, part.encoding);
    const files = findUuencoded(body);
    if (files.length === 0) return bytes;
    this.#gathered.attached.push(...files);
    const starts = [0, ...files.map(({ end }) => end)];
    const pieces = starts.map((start, index) => body.subarray(start, files[index]?.start ?? body.length));
    return Buffer.concat(pieces).subarray(0, 4 * mailLimits.maxTextChars);
  }

  #decode(bytes: Uint8Array, charset: string | undefined): string {
    const { text, isGuessed } = decodeText(bytes, charset);
    if (isGuessed) this.#gathered.oddities.add("charset");
    return text;
  }

  #decoded({ body, encoding }: MimePart, maxBytes: number): Uint8Array {
    // Quoted-printable takes three bytes for one at most.
    const source = body.length > maxBytes * 3 ? body.subarray(0, maxBytes * 3) : body;
    const bytes = decodeTransfer(source, encoding);
    if (source.length < body.length || bytes.length > maxBytes) this.#isCut = true;
    return bytes.subarray(0, maxBytes);
  }
}

/** PGP as text, from before RFC 3156 and of programs that know no other. */
function sealOfText(text: string): "signed" | "encrypted" | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith("-----BEGIN PGP MESSAGE-----") && trimmed.endsWith("-----END PGP MESSAGE-----"))
    return "encrypted";
  if (trimmed.startsWith("-----BEGIN PGP SIGNED MESSAGE-----") && trimmed.endsWith("-----END PGP SIGNATURE-----"))
    return "signed";
  return undefined;
}

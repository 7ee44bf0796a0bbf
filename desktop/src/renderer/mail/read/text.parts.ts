/** What a plain text says itself, and what it quotes at its end. */
export function textParts(text: string): { readonly own: string; readonly quoted: string } {
  const lines = text.replaceAll("\r\n", "\n").trimEnd().split("\n");
  let at = lines.length;
  while (at > 0 && isQuote(lines[at - 1] ?? "")) at--;
  if (at === lines.length) return { own: lines.join("\n"), quoted: "" };
  // "On 2 March, Anna wrote:" in front of it belongs to it, also on two lines.
  for (let above = 0; above < 3 && at > 0; above++) {
    const line = lines[at - 1] ?? "";
    if (line.trim() === "" || /[:：]\s*$/.test(line) || (above === 1 && /^(?:On|Am|Le|El|Il|В|\d)/u.test(line))) at--;
    else break;
  }
  const own = lines.slice(0, at).join("\n").trimEnd();
  // Nothing but a quotation is shown as it is.
  return own === "" ? { own: lines.join("\n"), quoted: "" } : { own, quoted: lines.slice(at).join("\n") };
}

const isQuote = (line: string): boolean => /^\s*>/.test(line) || line.trim() === "";

const LINK = /\bhttps?:\/\/[^\s<>"']+|\b[\w.+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+/giu;

export interface TextPart {
  readonly text: string;
  readonly address?: string;
}

/** Addresses in a text, without the full stop or bracket that ends a sentence behind them. */
export function withLinks(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let at = 0;
  for (const found of text.matchAll(LINK)) {
    const raw = found[0].replace(/[.,;:!?]+$/, "");
    const link = raw.endsWith(")") && !raw.includes("(") ? raw.slice(0, -1) : raw;
    if (found.index > at) parts.push({ text: text.slice(at, found.index) });
    parts.push({ text: link, address: /^https?:/i.test(link) ? link : `mailto:${link}` });
    at = found.index + link.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

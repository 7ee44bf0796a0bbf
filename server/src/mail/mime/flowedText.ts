/**
 * RFC 3676: lines that end with a space go on in the next one of the same depth of quotes. `delSp` takes that space away.
 */
export function unfoldFlowed(text: string, delSp: boolean): string {
  const out: string[] = [];
  let open: { quotes: number; parts: string[] } | undefined;
  const close = () => {
    if (open) out.push(withQuotes(open.quotes, open.parts.join("")));
    open = undefined;
  };
  for (const line of text.split(/\r?\n/)) {
    const quotes = /^>*/.exec(line)?.[0].length ?? 0;
    const content = line.slice(quotes).replace(/^ /, "");
    if (open && open.quotes !== quotes) close();
    const isSignature = content === "-- ";
    if (isSignature) close();
    const isSoft = content.endsWith(" ") && !isSignature;
    open ??= { quotes, parts: [] };
    open.parts.push(isSoft && delSp ? content.slice(0, -1) : content);
    if (!isSoft) close();
  }
  close();
  return out.join("\n");
}

const withQuotes = (quotes: number, text: string): string => (quotes === 0 ? text : `${">".repeat(quotes)} ${text}`);

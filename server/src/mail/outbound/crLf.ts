const CR = 0x0d;
const LF = 0x0a;

/**
 * Every line ended by CR LF, as it travels: what is signed must be what arrives, and a lone LF or CR would be mended only on
 * the way (RFC 6376 §5.3). Such lines come in with messages from elsewhere that are sent on.
 */
export async function* toCrLf(raw: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let wasCr = false;
  for await (const chunk of raw) {
    yield mendLines(chunk, wasCr);
    wasCr = chunk.at(-1) === CR;
  }
  if (wasCr) yield Buffer.from("\n");
}

/** The same of a message that is in memory. */
export function wholeToCrLf(message: Buffer): Buffer {
  const mended = mendLines(message, false);
  return mended.at(-1) === CR ? Buffer.concat([mended, Buffer.from("\n")]) : mended;
}

function mendLines(chunk: Buffer, wasCr: boolean): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  const insertAt = (at: number, byte: string) => {
    parts.push(chunk.subarray(from, at), Buffer.from(byte));
    from = at;
  };
  if (wasCr && chunk[0] !== LF) insertAt(0, "\n");
  // From one line end to the next by the machine's own search: a look at each byte takes ten times as long.
  let lf = chunk.indexOf(LF);
  let cr = chunk.indexOf(CR);
  while (lf >= 0 || cr >= 0) {
    if (lf >= 0 && (cr < 0 || lf < cr)) {
      if (lf > 0 || !wasCr) insertAt(lf, "\r");
      lf = chunk.indexOf(LF, lf + 1);
    } else {
      const after = cr + 1;
      if (lf === after) lf = chunk.indexOf(LF, after + 1);
      else if (after < chunk.length) insertAt(after, "\n");
      cr = chunk.indexOf(CR, after);
    }
  }
  return parts.length === 0 ? chunk : Buffer.concat([...parts, chunk.subarray(from)]);
}

/** RFC 5322 §2.1.1: 998 characters in a line at most, each of ASCII and none NUL. */
const MAX_LINE_BYTES = 998;

/** Whether bytes may travel as they are through any mail server there is. Stops reading at the first one that may not. */
export async function fitsSevenBit(body: AsyncIterable<Uint8Array>): Promise<boolean> {
  let inLine = 0;
  for await (const chunk of body) {
    for (const byte of chunk) {
      if (byte === 0 || byte > 0x7f) return false;
      inLine = byte === 0x0a || byte === 0x0d ? 0 : inLine + 1;
      if (inLine > MAX_LINE_BYTES) return false;
    }
  }
  return true;
}

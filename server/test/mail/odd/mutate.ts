import type { Random } from "./seeded.ts";

/** What parsers stumble over, put where nobody expects it. */
const TOKENS = [
  "\r\n", "\n", "\r", "\r\n\r\n", "--", "--b", "--b--", "\r\n--b\r\n", ":", ";", "=", '"', "\\", "(", ")", "<", ">", "@", ",", "=?", "?=", "=?utf-8?Q?", "=?utf-8?B?", "\u0000", "\u001b$B", "\u001b(B", "\ufeff", "%00",
  "Content-Type: ", "Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: text/html\r\n", "Content-Transfer-Encoding: base64\r\n", "Content-Transfer-Encoding: quoted-printable\r\n", "charset=koi8-r", "charset=utf-7",
  "boundary=", "filename*0*=", "name=", "From: ", "Message-ID: <", "References: ", "begin 644 x\r\n", "end\r\n", "> ", "-- \r\n", "<style>", "</style>", "<!--", "-->", "<svg>", "<table>", "<p style=\"", "url(", "&#", "&lt;",
].map((token) => Buffer.from(token, "latin1")); // prettier-ignore

const MAX_BYTES = 262_144;

/** One to eight changes, each of a kind that networks, gateways and attackers make. */
export function mutate(raw: Buffer, others: readonly Buffer[], random: Random): Buffer {
  let bytes = raw;
  const changes = 1 + random.below(8);
  for (let change = 0; change < changes; change++) bytes = changed(bytes, others, random).subarray(0, MAX_BYTES);
  return bytes;
}

function changed(bytes: Buffer, others: readonly Buffer[], random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const length = 1 + random.below(random.next() < 0.9 ? 40 : bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (random.below(10)) {
    case 0:
      return Buffer.concat([before, Buffer.from([random.below(256)]), after.subarray(1)]);
    case 1:
      return Buffer.concat([before, after.subarray(length)]);
    case 2:
      return Buffer.concat([before, after.subarray(0, length), after]);
    case 3:
      return Buffer.concat([before, random.pick(TOKENS), after]);
    case 4:
      return Buffer.concat([
        before,
        ...Array.from({ length: 1 + random.below(300) }, () => after.subarray(0, Math.min(length, 60))),
        after,
      ]);
    case 5:
      return Buffer.from(before);
    case 6: {
      const other = random.pick(others);
      const from = random.below(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + length * 4), after]);
    }
    case 7: {
      const copy = Buffer.from(bytes);
      for (let bit = 0; bit < 8 && copy.length > 0; bit++) {
        const index = random.below(copy.length);
        copy[index] = (copy[index] ?? 0) ^ (1 << random.below(8));
      }
      return copy;
    }
    case 8: {
      const from = random.below(bytes.length + 1);
      return Buffer.concat([bytes.subarray(from, from + length), before, after]);
    }
    default:
      return Buffer.concat([before, random.pick(TOKENS), random.pick(TOKENS), after.subarray(length)]);
  }
}

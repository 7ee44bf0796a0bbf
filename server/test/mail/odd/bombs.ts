import { mailLimits } from "@kontor/shared/mail";

const HEAD = "From: a@example.com\r\nMessage-ID: <bomb@example.com>\r\n";

/** A message of the largest size that is taken, made of one piece again and again behind `head`. */
function filled(head: string, piece: string | Buffer, tail = ""): () => Buffer {
  return () => {
    const raw = Buffer.alloc(mailLimits.maxMessageBytes, piece);
    raw.write(HEAD + head, "latin1");
    if (tail !== "") raw.write(tail, raw.length - tail.length, "latin1");
    return raw;
  };
}

const MIXED = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
const line = (text: string) => `${text}\r\n`;

/** 50 MB each, of whatever makes parsers slow or large. */
export const bombs: Readonly<Record<string, () => Buffer>> = {
  text: filled("\r\n", line("hello world, this is a line of text")),
  lineEnds: filled("\r\n", "\n"),
  oneLine: filled("\r\n", "x"),
  spaces: filled("\r\n", " "),
  highBytes: filled("\r\n", Buffer.from([0xf0, 0xd2, 0xc9, 0xd7])),
  nuls: filled("\r\n", "\u0000"),
  base64Text: filled("Content-Transfer-Encoding: base64\r\n\r\n", line("QUJD".repeat(19))),
  base64File: filled(
    "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    line("QUJD".repeat(19)),
  ),
  base64OneLine: filled("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n", "QUJD"),
  base64Padding: filled("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n", "=\r\n"),
  quotedPrintable: filled("Content-Transfer-Encoding: quoted-printable\r\n\r\n", line("=41=42=43=\r\n=44")),
  quotedPrintableEquals: filled(
    "Content-Type: application/pdf\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
    "=",
  ),
  uuencode: filled("\r\n", line("begin 644 x")),
  uuencodeFiles: filled("\r\n", "begin 644 x\r\n%:&5L;&\\ \r\n`\r\nend\r\n"),
  uuencodeOneFile: filled("\r\nbegin 644 x\r\n", "M".repeat(61) + "\r\n", "\r\n`\r\nend\r\n"),
  header: filled("X-A: b\r\n", line("X-B: c")),
  headerOneField: filled("X-A: ", line(" folded")),
  headerNoColon: filled("X-A: b\r\n", line("no colon here")),
  recipients: filled("To: ", "a@example.com,\r\n "),
  references: filled("References: ", "<a@example.com>\r\n "),
  parts: filled(MIXED, "--b\r\n\r\n"),
  partsWithHeaders: filled(MIXED, "--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n"),
  almostBoundaries: filled(
    "Content-Type: multipart/mixed; boundary=bbbbbbbbbbbbbbbbbbbc\r\n\r\n",
    "--bbbbbbbbbbbbbbbbbbbb\r\n",
  ),
  dashes: filled(MIXED, "\n--"),
  nested: filled(MIXED, "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"),
  nestedAlmost: filled(
    `${Array.from({ length: 49 }, (_, index) => `Content-Type: multipart/mixed; boundary=bb${index}b\r\n\r\n--bb${index}b\r\n`).join("")}\r\n`,
    "--bb\r\n",
  ),
  nestedEqual: filled(
    `${Array.from({ length: 49 }, (_, index) => `Content-Type: multipart/mixed; boundary=b${String.fromCharCode(65 + index)}b\r\n\r\n--b${String.fromCharCode(65 + index)}b\r\n`).join("")}\r\n`,
    "--b~b\n",
  ),
  messages: filled("Content-Type: message/rfc822\r\n\r\n", "Content-Type: message/rfc822\r\n\r\n"),
  html: filled("Content-Type: text/html\r\n\r\n", "<b>hello</b> world &amp; more\r\n"),
  htmlTags: filled("Content-Type: text/html\r\n\r\n", "<p>"),
  htmlDeep: filled("Content-Type: text/html\r\n\r\n", "<div>"),
  htmlOpen: filled("Content-Type: text/html\r\n\r\n", "<"),
  htmlAttributes: filled("Content-Type: text/html\r\n\r\n<p ", "a=b "),
  htmlOneAttribute: filled('Content-Type: text/html\r\n\r\n<p title="', "x"),
  htmlStyles: filled("Content-Type: text/html\r\n\r\n", "<p style='color:red;background:url(//a)'>"),
  htmlSheet: filled("Content-Type: text/html\r\n\r\n<style>", "p{color:red}"),
  htmlSheetOpen: filled("Content-Type: text/html\r\n\r\n<style>", "a{b:("),
  htmlStyleOpen: filled("Content-Type: text/html\r\n\r\n<p style='", "a:(;"),
  htmlEntities: filled("Content-Type: text/html\r\n\r\n", "&#"),
  htmlComments: filled("Content-Type: text/html\r\n\r\n", "<!--"),
  htmlLinks: filled("Content-Type: text/html\r\n\r\n", "<a href=//a><table><tr><td>"),
  htmlLists: filled("Content-Type: text/html\r\n\r\n", "<ul><li>"),
  htmlQuotes: filled("Content-Type: text/html\r\n\r\n", "<blockquote>x"),
  htmlCloses: filled(`Content-Type: text/html\r\n\r\n<p><table><tr><td>${"<b>".repeat(240)}`, "</p>"),
  htmlInFour: filled(
    `Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n`,
    Buffer.from(Buffer.from("<td><p>x</b>".repeat(19)).toString("base64") + "\r\n"),
  ),
  flowed: filled("Content-Type: text/plain; format=flowed\r\n\r\n", "x \r\n"),
  pgp: filled("\r\n-----BEGIN PGP MESSAGE-----\r\n", line("x".repeat(64))),
  delivery: filled("Content-Type: message/delivery-status\r\n\r\n", "Final-Recipient: rfc822; a@example.com\r\n\r\n"),
  daemon: filled(
    "From: mailer-daemon@example.com\r\nSubject: Undelivered\r\n\r\n",
    line("<a@example.com>: -------- original"),
  ),
};

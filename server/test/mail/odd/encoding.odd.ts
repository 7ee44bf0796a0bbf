import { base64, message, odd, type OddMessage } from "./oddMessage.ts";

const b64 = (name: string, body: string, text: string): OddMessage =>
  odd(`base64: ${name}`, message(`Content-Transfer-Encoding: base64\n\n${body}`), { text });
const qp = (name: string, body: string, text: string): OddMessage =>
  odd(`quoted-printable: ${name}`, message(`Content-Transfer-Encoding: quoted-printable\n\n${body}`), { text });
const other = (encoding: string, body: string, text: string): OddMessage =>
  odd(`Content-Transfer-Encoding: ${encoding}`, message(`Content-Transfer-Encoding: ${encoding}\n\n${body}`), { text });

export const encodingMessages: readonly OddMessage[] = [
  b64("as it should be", base64("Hello"), "Hello"),
  b64("without padding", "SGVsbG8", "Hello"),
  b64("with padding in each line", "SGVsbG8=\nIHdvcmxk\nIQ==", "Hello world!"),
  b64("with junk between", "SG*Vs?bG!8=", "Hello"),
  b64("with spaces between", "S G V s b G 8 =", "Hello"),
  b64("cut within a group", "SGVsbG8hd", "Hello!"),
  b64("in one line", base64("x".repeat(3_000)).replaceAll("\n", ""), "x".repeat(3_000)),
  b64("for web addresses", Buffer.from("???>>>").toString("base64url"), "???>>>"),
  b64("with text behind it", "SGVsbG8=\n\n--\nfooter", "Hello"),
  b64("empty", "", ""),
  b64("only padding", "====", ""),
  b64("of text with lone line ends", base64("a\nb\r\nc\rd"), "a\nb\nc\nd"),
  qp("as it should be", "Gr=C3=BC=C3=9Fe", "Grüße"),
  qp("small letters", "Gr=c3=bc=c3=9fe", "Grüße"),
  qp("soft line breaks", "one=\ntwo=\n three", "onetwo three"),
  qp("soft line breaks with spaces behind", "one= \t\ntwo", "onetwo"),
  qp("an equals sign at the end", "one=", "one"),
  qp("an equals sign that escapes nothing", "1=1 =GG =X", "1=1 =GG =X"),
  qp("half an escape at the end", "x=C", "x=C"),
  qp("eight bits in it", "Grüße", "Grüße"),
  qp("a very long line", "x".repeat(10_000), "x".repeat(10_000)),
  qp("escaped line ends", "a=0D=0Ab=0Ac", "a\nb\nc"),
  qp("an escaped NUL", "a=00b", "ab"),
  other("7bit", "Grüße", "Grüße"),
  other("8bit", "Grüße", "Grüße"),
  other("binary", "Grüße", "Grüße"),
  other("BASE64", "SGVsbG8=", "Hello"),
  other("Base64 (comment)", "SGVsbG8=", "Hello"),
  other("(comment) base64", "SGVsbG8=", "Hello"),
  other('"base64"', "SGVsbG8=", "Hello"),
  other("base64;", "SGVsbG8=", "Hello"),
  other("x-unheard-of", "text", "text"),
  other("x-uuencode", "begin 644 x\n%:&5L;&\\ \n`\nend", "hello"),
  odd(
    "two encodings: the first one counts",
    message("Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\nSGVsbG8="),
    { text: "Hello" },
  ),
  odd(
    "a part in base64 that a boundary cuts",
    message(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nSGVs\nbG8\n--b--",
    ),
    { attachments: [{ text: "Hello" }] },
  ),
  odd(
    "an attachment that is not encoded keeps its bytes",
    message(
      "Content-Type: application/octet-stream; name=x.bin\nContent-Transfer-Encoding: binary\n\n",
      Buffer.from([0, 1, 2, 255, 13, 10, 0]),
    ),
    { attachments: [{ name: "x.bin", size: 7 }] },
  ),
];

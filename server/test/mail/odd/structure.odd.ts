import { base64, bytes, message, odd, type OddMessage } from "./oddMessage.ts";

const mixed = (boundary: string, ...lines: string[]): Buffer =>
  message(`Content-Type: multipart/mixed; boundary="${boundary}"\n\n`, lines.join("\n"));
const PNG = base64(Buffer.from("\u0089PNG\r\n", "latin1"));

const boundaries: readonly OddMessage[] = [
  odd("the last boundary is missing", mixed("b", "--b", "", "text", "--b", "Content-Type: image/png", "", "x"), {
    text: "text",
    odd: ["boundary"],
    attachments: [{ mime: "image/png", text: "x" }],
  }),
  odd("no boundary in the body", mixed("b", "just text"), { text: "just text", odd: ["boundary"] }),
  odd(
    "no boundary in the header",
    message(
      "Content-Type: multipart/mixed\n\n--found\n\ntext\n--found\nContent-Type: application/pdf\n\nx\n--found--\n",
    ),
    { text: "text", odd: ["boundary"], attachments: [{ mime: "application/pdf", text: "x" }] },
  ),
  odd("an empty boundary", message('Content-Type: multipart/mixed; boundary=""\n\n--found\n\ntext\n--found--\n'), {
    text: "text",
    odd: ["boundary"],
  }),
  odd("a boundary with spaces behind it", mixed("b", "--b  \t", "", "text", "--b--  "), { text: "text" }),
  odd("a boundary that begins another", mixed("b", "--bb", "", "no part", "--b", "", "text", "--b--"), {
    text: "text",
  }),
  odd(
    "an inner boundary that begins with the outer one",
    mixed(
      "a",
      "--a",
      'Content-Type: multipart/alternative; boundary="ab"',
      "",
      "--ab",
      "",
      "plain",
      "--ab",
      "Content-Type: text/html",
      "",
      "<p>rich</p>",
      "--ab--",
      "--a--",
    ),
    { text: "plain", html: "<p>rich</p>" },
  ),
  odd(
    "an inner multipart that is not closed",
    mixed(
      "a",
      "--a",
      "Content-Type: multipart/alternative; boundary=i",
      "",
      "--i",
      "",
      "plain",
      "--a",
      "Content-Type: application/pdf",
      "",
      "x",
      "--a--",
    ),
    { text: "plain", odd: ["boundary"], attachments: [{ mime: "application/pdf" }] },
  ),
  odd(
    "an inner multipart with the boundary of the outer one",
    mixed("a", "--a", "Content-Type: multipart/mixed; boundary=a", "", "--a", "", "text", "--a--", "--a--"),
    { text: "text" },
  ),
  odd("the end comes twice", mixed("b", "--b", "", "text", "--b--", "--b--", "epilogue"), { text: "text" }),
  odd("parts go on behind the end", mixed("b", "--b", "", "text", "--b--", "--b", "", "hidden", "--b--"), {
    text: "text",
  }),
  odd(
    "text before and behind the parts",
    mixed("b", "This is a multi-part message in MIME format.", "--b", "", "text", "--b--", "behind"),
    { text: "text" },
  ),
  odd("a boundary of regular expressions", mixed("[.*+?^${}()|]", "--[.*+?^${}()|]", "", "text", "--[.*+?^${}()|]--"), {
    text: "text",
  }),
  odd(
    "a boundary with quotation marks",
    message('Content-Type: multipart/mixed; boundary="a\\"b"\n\n--a"b\n\ntext\n--a"b--'),
    { text: "text" },
  ),
  odd(
    "a boundary that is not quoted and holds a colon",
    message("Content-Type: multipart/mixed; boundary==_next:part\n\n--=_next:part\n\ntext\n--=_next:part--"),
    { text: "text" },
  ),
  odd(
    "a boundary with a comment behind it",
    message('Content-Type: multipart/mixed; boundary="b" (comment)\n\n--b\n\ntext\n--b--'),
    { text: "text" },
  ),
  odd(
    "two boundaries in the header",
    message('Content-Type: multipart/mixed; boundary="b"; boundary="c"\n\n--b\n\ntext\n--c\n\nother\n--b--'),
    { text: "text\n--c\n\nother" },
  ),
  odd("two Content-Types", message("Content-Type: text/plain\nContent-Type: text/html\n\n<p>x</p>"), {
    text: "<p>x</p>",
    html: undefined,
  }),
  odd(
    "a boundary after RFC 2231",
    message("Content-Type: multipart/mixed; boundary*0=ab;\n boundary*1=cd\n\n--abcd\n\ntext\n--abcd--"),
    { text: "text" },
  ),
  odd(
    "a boundary folded into the next line",
    message('Content-Type: multipart/mixed;\n\tboundary="b"\n\n--b\n\ntext\n--b--'),
    { text: "text" },
  ),
  odd(
    "a boundary that is very long",
    mixed("x".repeat(300), `--${"x".repeat(300)}`, "", "text", `--${"x".repeat(300)}--`),
    { text: "text" },
  ),
  odd(
    "line ends of Unix",
    Buffer.from(
      "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: application/pdf\n\ny\n--b--\n",
    ),
    { subject: "x", text: "text", attachments: [{ text: "y" }] },
  ),
  odd(
    "line ends of old Macs",
    Buffer.from("Subject: x\rContent-Type: multipart/mixed; boundary=b\r\r--b\r\rtext\r--b--\r"),
    { subject: "x", text: "text" },
  ),
  odd(
    "line ends of both kinds",
    Buffer.from("Subject: x\r\nContent-Type: multipart/mixed; boundary=b\n\r\n--b\n\ntext\r\n--b--\r\n"),
    { subject: "x", text: "text" },
  ),
  odd("a part without a header", mixed("b", "--b", "", "text", "--b--"), { text: "text" }),
  odd("a part without an empty line", mixed("b", "--b", "Content-Type: text/plain", "--b", "", "text", "--b--"), {
    text: "text",
    odd: ["header"],
  }),
  odd("a part without anything", mixed("b", "--b", "--b", "", "text", "--b--"), { text: "text" }),
  odd("a part that is only a header", mixed("b", "--b", "Content-Type: application/pdf; name=a.pdf", "", "--b--"), {
    text: "",
    attachments: [{ name: "a.pdf", size: 0 }],
  }),
  odd("a multipart that is empty", mixed("b", "--b--"), { text: "--b--" }),
  odd(
    "multipart of a kind that nobody knows",
    message("Content-Type: multipart/x-unheard-of; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--"),
    { text: "one\n\ntwo" },
  ),
  odd(
    "multipart in base64",
    message(
      `Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n${base64("--b\r\n\r\nhidden\r\n--b--\r\n")}`,
    ),
    { odd: ["boundary"], says: "hidden" },
  ),
  odd(
    "capitals everywhere",
    message(
      "CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY=b\n\n--b\nCONTENT-TYPE: TEXT/HTML; CHARSET=UTF-8\nCONTENT-TRANSFER-ENCODING: QUOTED-PRINTABLE\n\n<p>=C3=BC</p>\n--b--",
    ),
    { html: "<p>ü</p>\r\n".trim() },
  ),
  odd("white space before the colon", Buffer.from("Subject : x\r\nContent-Type : text/html\r\n\r\n<p>y</p>"), {
    subject: "x",
    html: "<p>y</p>",
  }),
];

const nested = (depth: number): string => {
  const open = Array.from(
    { length: depth },
    (_, index) => `Content-Type: multipart/mixed; boundary=b${index}\n\n--b${index}\n`,
  ).join("");
  const close = Array.from({ length: depth }, (_, index) => `\n--b${depth - 1 - index}--`).join("");
  return `${open}\ntext${close}`;
};

const depths: readonly OddMessage[] = [
  odd("multiparts 10 deep", message(nested(10)), { text: "text" }),
  odd("multiparts 49 deep", message(nested(49)), { text: "text" }),
  odd("multiparts 60 deep", message(nested(60)), { odd: ["depth"], says: "text" }),
  odd("multiparts 10,000 deep", message(nested(10_000)), { odd: ["depth"] }),
  odd(
    "10,000 parts",
    mixed("b", ...Array.from({ length: 10_000 }, () => "--b\nContent-Type: application/x-part\n\nx"), "--b--"),
    { odd: ["parts", "attachments"] },
  ),
  odd(
    "300 attachments",
    mixed("b", ...Array.from({ length: 300 }, () => "--b\nContent-Type: application/pdf; name=a.pdf\n\nx"), "--b--"),
    { odd: ["attachments"] },
  ),
  odd(
    "messages within messages, 100 deep",
    message("Content-Type: message/rfc822\n\n".repeat(100), "Subject: deep\n\nx"),
    { text: "", attachments: [{ mime: "message/rfc822" }] },
  ),
];

const alternatives: readonly OddMessage[] = [
  odd("plain and rich", alternative("Content-Type: text/plain\n\nplain", "Content-Type: text/html\n\n<p>rich</p>"), {
    text: "plain",
    html: "<p>rich</p>",
    attachments: [],
  }),
  odd("rich before plain", alternative("Content-Type: text/html\n\n<p>rich</p>", "Content-Type: text/plain\n\nplain"), {
    text: "plain",
    html: "<p>rich</p>",
  }),
  odd(
    "two rich forms: the last one counts",
    alternative("Content-Type: text/html\n\n<p>old</p>", "Content-Type: text/html\n\n<p>new</p>"),
    { html: "<p>new</p>" },
  ),
  odd(
    "a plain form that is empty",
    alternative("Content-Type: text/plain\n\n \n", "Content-Type: text/html\n\n<p>rich</p>"),
    { text: "rich", html: "<p>rich</p>" },
  ),
  odd(
    "a form for watches and one of AMP",
    alternative(
      "Content-Type: text/plain\n\nplain",
      "Content-Type: text/x-amp-html\n\n<html amp4email>",
      "Content-Type: text/html\n\n<p>rich</p>",
    ),
    { text: "plain", html: "<p>rich</p>", attachments: [] },
  ),
  odd(
    "an invitation",
    alternative(
      "Content-Type: text/plain\n\nplain",
      "Content-Type: text/html\n\n<p>rich</p>",
      "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR",
    ),
    {
      text: "plain",
      html: "<p>rich</p>",
      attachments: [{ name: "invite.ics", mime: "text/calendar", text: "BEGIN:VCALENDAR" }],
    },
  ),
  odd(
    "only an invitation",
    message("Content-Type: text/calendar; method=REQUEST; name=meeting.ics\n\nBEGIN:VCALENDAR"),
    { text: "", attachments: [{ name: "meeting.ics" }] },
  ),
  odd(
    "a rich form with pictures",
    alternative(
      "Content-Type: text/plain\n\nplain",
      `Content-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n<img src="cid:p">\n--r\nContent-Type: image/png\nContent-ID: <p>\nContent-Transfer-Encoding: base64\n\n${PNG}\n--r--`,
    ),
    { text: "plain", html: '<img src="cid:p">', attachments: [{ mime: "image/png", inline: true, cid: "p" }] },
  ),
  odd(
    "a rich form with a file in it",
    alternative(
      "Content-Type: text/plain\n\nplain",
      "Content-Type: multipart/mixed; boundary=r\n\n--r\nContent-Type: text/html\n\n<p>rich</p>\n--r\nContent-Type: application/pdf; name=a.pdf\n\nx\n--r--",
    ),
    { text: "plain", html: "<p>rich</p>", attachments: [{ name: "a.pdf" }] },
  ),
  odd(
    "pictures around both forms",
    message(
      "Content-Type: multipart/related; boundary=r\n\n--r\nContent-Type: multipart/alternative; boundary=a\n\n--a\n\nplain\n--a\nContent-Type: text/html\n\n<img src=cid:p>\n--a--\n--r\nContent-Type: image/png\nContent-ID: <p>\n\nx\n--r--",
    ),
    { text: "plain", html: '<img src="cid:p">', attachments: [{ inline: true }] },
  ),
  odd(
    "a picture that the text does not show",
    message(
      "Content-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n<p>x</p>\n--r\nContent-Type: image/png\nContent-ID: <p>\n\nx\n--r--",
    ),
    { html: "<p>x</p>", attachments: [{ inline: false, cid: "p" }] },
  ),
  odd(
    "the root is not the first part",
    message(
      'Content-Type: multipart/related; boundary=r; start="<root>"\n\n--r\nContent-Type: image/png\nContent-ID: <p>\n\nx\n--r\nContent-Type: text/html\nContent-ID: <root>\n\n<img src=cid:p>\n--r--',
    ),
    { html: '<img src="cid:p">', attachments: [{ mime: "image/png", inline: true }] },
  ),
  odd(
    "a page that was saved, whose pictures have addresses",
    message(
      'Content-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n<img src="http://x.example/a.png"><img src="b.png"><img src="c.png">\n--r\nContent-Type: image/png\nContent-Location: http://x.example/a.png\n\nx\n--r\nContent-Type: image/png\nContent-ID: <b>\nContent-Location: b.png\n\ny\n--r--',
    ),
    {
      hasRemote: false,
      html: '<img src="cid:location-20b067c4102b95626b9223c6"><img src="cid:b"><img>',
      attachments: [{ inline: true }, { inline: true, cid: "b" }],
    },
  ),
  odd("HTML alone", message("Content-Type: text/html\n\n<p>Hi <b>there</b>"), {
    text: "Hi there",
    html: "<p>Hi <b>there</b></p>",
  }),
  odd(
    "HTML attached",
    mixed(
      "b",
      "--b",
      "",
      "text",
      "--b",
      "Content-Type: text/html; name=page.html",
      "Content-Disposition: attachment",
      "",
      "<p>x",
      "--b--",
    ),
    { text: "text", html: undefined, attachments: [{ name: "page.html" }] },
  ),
  odd("text in several parts", mixed("b", "--b", "", "one", "--b", "", "two", "--b--"), { text: "one\n\ntwo" }),
  odd(
    "text, picture, text",
    mixed(
      "b",
      "--b",
      "",
      "one",
      "--b",
      "Content-Type: image/png; name=p.png",
      "Content-Disposition: inline",
      "",
      "x",
      "--b",
      "",
      "two",
      "--b--",
    ),
    { text: "one\n\ntwo", attachments: [{ name: "p.png", inline: false }] },
  ),
  odd(
    "a text file that is shown",
    mixed(
      "b",
      "--b",
      "",
      "text",
      "--b",
      "Content-Type: text/plain; name=notes.txt",
      "Content-Disposition: inline; filename=notes.txt",
      "",
      "notes",
      "--b--",
    ),
    { text: "text", attachments: [{ name: "notes.txt", text: "notes" }] },
  ),
  odd(
    "HTML and a footer of a list",
    mixed("b", "--b", "Content-Type: text/html", "", "<p>Hi</p>", "--b", "", "-- list <footer>", "--b--"),
    { text: "Hi\n\n-- list <footer>", html: '<p>Hi</p><div style="white-space:pre-wrap">-- list &lt;footer&gt;</div>' },
  ),
  odd(
    "a digest",
    message("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nx\n--b\n\nSubject: two\n\ny\n--b--"),
    { text: "", attachments: [{ name: "one.eml", mime: "message/rfc822" }, { name: "two.eml" }] },
  ),
  odd(
    "a message that is forwarded as one",
    mixed(
      "b",
      "--b",
      "",
      "see below",
      "--b",
      "Content-Type: message/rfc822",
      "Content-Disposition: inline",
      "",
      "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
      "From: x@example.com",
      "",
      "inner text",
      "--b--",
    ),
    { text: "see below", attachments: [{ name: "Grüße.eml", mime: "message/rfc822" }] },
  ),
  odd(
    "a message in base64",
    mixed(
      "b",
      "--b",
      "",
      "x",
      "--b",
      "Content-Type: message/rfc822",
      "Content-Transfer-Encoding: base64",
      "",
      base64("Subject: inner\r\n\r\nx"),
      "--b--",
    ),
    { attachments: [{ name: "inner.eml", text: "Subject: inner\r\n\r\nx" }] },
  ),
  odd("a piece of a message", message("Content-Type: message/partial; id=x; number=1; total=2\n\nSubject: y\n\nz"), {
    text: "",
    attachments: [{ name: "message.bin", mime: "message/partial" }],
  }),
  odd(
    "a body that lies elsewhere",
    message(
      'Content-Type: message/external-body; access-type=URL; url="http://evil.example/"\n\nContent-Type: text/html\n\n',
    ),
    { text: "", html: undefined, attachments: [{ mime: "message/external-body" }] },
  ),
  odd(
    "format=flowed",
    message("Content-Type: text/plain; format=flowed\n\nThis is one \nparagraph.\n> quoted \n> too\n-- \nAnna"),
    { text: "This is one paragraph.\n> quoted too\n-- \nAnna" },
  ),
  odd(
    "format=flowed with delsp",
    message("Content-Type: text/plain; format=flowed; delsp=yes\n\nDonaudampf \nschifffahrt"),
    { text: "Donaudampfschifffahrt" },
  ),
  odd(
    "format=flowed with stuffed lines",
    message("Content-Type: text/plain; format=flowed\n\n From here\n > no quote"),
    { text: "From here\n> no quote" },
  ),
];

function alternative(...parts: readonly string[]): Buffer {
  return message(
    "Content-Type: multipart/alternative; boundary=alt\n\n",
    parts.map((part) => `--alt\n${part}\n`).join(""),
    "--alt--\n",
  );
}

const bodies: readonly OddMessage[] = [
  odd("nothing", Buffer.alloc(0), { unreadable: "empty" }),
  odd("white space", Buffer.from(" \r\n\r\n\t "), { unreadable: "empty" }),
  odd("text without a header", Buffer.from("Hello,\r\nthis is no message.\r\n"), { unreadable: "notAMessage" }),
  odd("a picture", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]), {
    unreadable: "notAMessage",
  }),
  odd("a web page", Buffer.from("<!doctype html><p>x</p>"), { unreadable: "notAMessage" }),
  odd("only a header", Buffer.from("Subject: x\r\n"), { subject: "x", text: "" }),
  odd("only a header, without a line end", Buffer.from("Subject: x"), { subject: "x", text: "" }),
  odd("a header, and an empty line", Buffer.from("Subject: x\r\n\r\n"), { subject: "x", text: "" }),
  odd("empty lines before the header", Buffer.from("\r\n\r\nSubject: x\r\n\r\ny"), { subject: "x", text: "y" }),
  odd("a line of an archive before the header", Buffer.from("From anna Mon Jan  5 10:00:00 2026\nSubject: x\n\ny"), {
    subject: "x",
    text: "y",
  }),
  odd(
    "a quoted line of an archive within the header",
    Buffer.from("Subject: x\n>From anna Mon Jan  5 10:00:00 2026\nX-A: b\n\ny"),
    { subject: "x", text: "y" },
  ),
  odd("a byte order mark before the header", bytes(Buffer.from([0xef, 0xbb, 0xbf]), "Subject: x\n\ny"), {
    subject: "x",
    text: "y",
  }),
  odd("the body begins without an empty line", Buffer.from("Subject: x\r\nHello there,\r\nhow are you?\r\n"), {
    subject: "x",
    says: "Hello there",
    odd: ["header"],
  }),
  odd("text that is too long", message("\n", "0123456789\n".repeat(40_000)), { isCut: true }),
  odd("HTML that is too long", message("Content-Type: text/html\n\n", "<p>0123456789</p>\n".repeat(80_000)), {
    isCut: true,
    html: undefined,
  }),
  odd("one line of a million characters", message("\n", "x".repeat(1_000_000)), { isCut: true }),
  odd("uuencode within the text", message("\nbefore\nbegin 644 hello.txt\n%:&5L;&\\ \n`\nend\nafter"), {
    text: "before\nafter",
    attachments: [{ name: "hello.txt", text: "hello" }],
  }),
  odd("uuencode that never ends", message("\nbegin 644 hello.txt\n%:&5L;&\\ \n"), {
    says: "begin 644",
    attachments: [],
  }),
  odd("begin as a word", message("\nbegin with this\nand end\nend\n"), { says: "begin with this", attachments: [] }),
  odd("uuencode with a path as its name", message("\nbegin 644 ../../etc/passwd\n%:&5L;&\\ \n`\nend\n"), {
    attachments: [{ name: "passwd" }],
  }),
];

export const structureMessages: readonly OddMessage[] = [...boundaries, ...depths, ...alternatives, ...bodies];

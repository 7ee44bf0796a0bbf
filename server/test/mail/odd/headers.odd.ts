import { createHash } from "node:crypto";
import { bytes, message, odd, type OddMessage } from "./oddMessage.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const from = (
  field: string | Buffer,
  people: NonNullable<OddMessage["expected"]["people"]>,
  more: OddMessage["expected"] = {},
): OddMessage =>
  odd(
    `From: ${field.toString("utf8").slice(0, 90)}`,
    bytes("From: ", field, "\nMessage-ID: <a@b>\nDate: Mon, 05 Jan 2026 10:00:00 +0000\n\nx"),
    { people, ...more },
  );

const addresses: readonly OddMessage[] = [
  from("a@example.com", { from: [{ address: "a@example.com" }] }),
  from("<a@example.com>", { from: [{ address: "a@example.com" }] }),
  from("Anna <a@example.com>", { from: [{ address: "a@example.com", name: "Anna" }] }),
  from('"Kovacs, Anna" <a@example.com>', { from: [{ address: "a@example.com", name: "Kovacs, Anna" }] }),
  from("a@example.com (Anna Kovacs)", { from: [{ address: "a@example.com", name: "Anna Kovacs" }] }),
  from('"Anna \\"Ann\\" Kovacs" <a@example.com>', { from: [{ address: "a@example.com", name: 'Anna "Ann" Kovacs' }] }),
  from("'Anna' <a@example.com>", { from: [{ address: "a@example.com", name: "Anna" }] }),
  from("Anna<a@example.com>", { from: [{ address: "a@example.com", name: "Anna" }] }),
  from("Anna Kovacs a@example.com", { from: [{ address: "a@example.com", name: "Anna Kovacs" }] }),
  from("<mailto:a@example.com>", { from: [{ address: "a@example.com" }] }),
  from("Anna <a@example.com", { from: [{ address: "a@example.com", name: "Anna" }] }),
  from("Anna <@relay.example,@b.example:a@example.com>", { from: [{ address: "a@example.com", name: "Anna" }] }),
  from("Anna <a @ example . com>", { from: [{ address: "a@example.com", name: "Anna" }] }),
  from("Anna <a@example.com.>", { from: [{ address: "a@example.com", name: "Anna" }] }),
  from("a@example.com, b@example.com", { from: [{ address: "a@example.com" }, { address: "b@example.com" }] }),
  from("a@example.com; b@example.com;", { from: [{ address: "a@example.com" }, { address: "b@example.com" }] }),
  from("Team: a@example.com, Bert <b@example.com>;", {
    from: [{ address: "a@example.com" }, { address: "b@example.com", name: "Bert" }],
  }),
  from("undisclosed-recipients:;", { from: [] }),
  from("Outer: Inner: a@example.com;;", { from: [{ address: "a@example.com" }] }),
  from("Anna", { from: [{ address: "", name: "Anna" }] }),
  from("<>", { from: [] }),
  from("", { from: [] }),
  from("root@localhost", { from: [{ address: "root@localhost" }] }),
  from('"a b"@example.com', { from: [{ address: '"a b"@example.com' }] }),
  from('"bank@bank.example" <x@evil.example>', { from: [{ address: "x@evil.example", name: "bank@bank.example" }] }),
  from("bank@bank.example <x@evil.example>", { from: [{ address: "x@evil.example", name: "bank@bank.example" }] }),
  from("=?utf-8?Q?bank=40bank.example_=3Cy=40bank.example=3E?= <x@evil.example>", {
    from: [{ address: "x@evil.example", name: "bank@bank.example <y@bank.example>" }],
  }),
  from("=?utf-8?Q?Kovacs=2C_Anna?= <a@example.com>", { from: [{ address: "a@example.com", name: "Kovacs, Anna" }] }),
  from('"=?utf-8?B?0JDQvdC90LA=?=" <a@example.com>', { from: [{ address: "a@example.com", name: "Анна" }] }),
  from("=?utf-8?B?0JDQvdC90LA=?=<a@example.com>", { from: [{ address: "a@example.com", name: "Анна" }] }),
  from("Анна <анна@пример.рф>", { from: [{ address: "анна@пример.рф", name: "Анна" }] }),
  from("Anna\u202Egpj <a@example.com>", { from: [{ address: "a@example.com", name: "Anna gpj" }] }),
  from("=?utf-8?Q?Anna=0D=0ABcc:_x=40y.z?= <a@example.com>", {
    from: [{ address: "a@example.com", name: "Anna Bcc: x@y.z" }],
  }),
  from(Buffer.from("Anna\u0000 <a@example.com>"), { from: [{ address: "a@example.com", name: "Anna" }] }),
  from("Anna <a@example.com> <b@example.com>", { from: [{ address: "a@example.com" }] }),
  from("(comment) Anna (more (nested)) <a@example.com> (behind)", {
    from: [{ address: "a@example.com", name: "Anna" }],
  }),
  from(`${"x".repeat(70)}@example.com`, { from: [{ address: "" }] }),
  from(`${"a@example.com, ".repeat(3_000)}z@example.com`, {}, { text: "x", odd: ["recipients"] }),
  from(`Anna ${'"'.repeat(1_001)} <a@example.com>`, {}, { text: "x" }),
  from(`${"(".repeat(5_000)}a@example.com`, {}, { text: "x" }),
  from(`${"<".repeat(5_000)}a@example.com`, {}, { text: "x" }),
  from(`${"x:".repeat(5_000)}a@example.com`, {}, { text: "x" }),
];

const dated = (field: string, sentAt: string | undefined): OddMessage =>
  odd(
    `Date: ${field}`,
    bytes(`From: a@example.com\nMessage-ID: <a@b>\nDate: ${field}\n\nx`),
    sentAt === undefined ? { sentAt, odd: ["date"] } : { sentAt },
  );

const dates: readonly OddMessage[] = [
  dated("Mon, 05 Jan 2026 10:00:00 +0300", "2026-01-05T07:00:00.000Z"),
  dated("05 Jan 2026 10:00 +0000", "2026-01-05T10:00:00.000Z"),
  dated("Mon, 5 Jan 98 10:00:00 EST", "1998-01-05T15:00:00.000Z"),
  dated("Fri, 5 Jan 07 10:00:00 GMT", "2007-01-05T10:00:00.000Z"),
  dated("Mon, 05 Jan 2026 10:00:00 GMT+0300", "2026-01-05T07:00:00.000Z"),
  dated("Mon, 05 Jan 2026 10:00:00 +0300 (MSK)", "2026-01-05T07:00:00.000Z"),
  dated("Mon, 05 Jan 2026 10:00:00 MSK", "2026-01-05T07:00:00.000Z"),
  dated("Mon, 05 Jan 2026 10:00:00 +03:00", "2026-01-05T07:00:00.000Z"),
  dated("Mon, 05 Jan 2026 10:00:00", "2026-01-05T10:00:00.000Z"),
  dated("Mon, 05 Jan 2026 10:00:00 XYZ", "2026-01-05T10:00:00.000Z"),
  dated("Mon Jan  5 10:00:00 2026", "2026-01-05T10:00:00.000Z"),
  dated("Mon Jan  5 10:00:00 PST 2026", "2026-01-05T18:00:00.000Z"),
  dated("2026-01-05T10:00:00Z", "2026-01-05T10:00:00.000Z"),
  dated("2026-01-05 10:00:00 +0300", "2026-01-05T07:00:00.000Z"),
  dated("Mon, 05-Jan-2026 10:00:00 +0000", "2026-01-05T10:00:00.000Z"),
  dated("January 5, 2026 10:00 AM +0000", "2026-01-05T10:00:00.000Z"),
  dated("5 Jan 2026 11:00 PM +0000", "2026-01-05T23:00:00.000Z"),
  dated("Mon, 05 Jan 126 10:00:00 +0000", "2026-01-05T10:00:00.000Z"),
  dated("Tue, 05 Jan 2026 24:00:00 +0000", "2026-01-06T00:00:00.000Z"),
  dated("Mon, 05 Jan 2026 10:00:60 +0000", "2026-01-05T10:00:59.000Z"),
  dated("Mon, 05 Jan 2026 10.00.00 +0000", "2026-01-05T10:00:00.000Z"),
  dated("Mon, 05 Jan 2026 25:00:00 +0000", undefined),
  dated("Mon, 45 Jan 2026 10:00:00 +0000", undefined),
  dated("Thu, 01 Jan 1601 00:00:00 +0000", undefined),
  dated("Mon, 05 Foo 2026 10:00:00 +0000", undefined),
  dated("yesterday", undefined),
  dated("foo 1", undefined),
  dated("", undefined),
  dated("0", undefined),
  dated(`${"(".repeat(3_000)}Mon, 05 Jan 2026`, undefined),
];

const identified = (fields: string, expected: OddMessage["expected"]): OddMessage =>
  odd(
    fields.slice(0, 80),
    bytes(`From: a@example.com\nDate: Mon, 05 Jan 2026 10:00:00 +0000\n${fields}\n\nx`),
    expected,
  );

const ids: readonly OddMessage[] = [
  identified("Message-ID: <a@b>", { messageId: "a@b", oddities: [] }),
  identified("Message-Id: <a@b>", { messageId: "a@b" }),
  identified("Message-ID: a@b", { messageId: "a@b" }),
  identified("Message-ID: <abc>", { messageId: "abc" }),
  identified("Message-ID: abc", { messageId: "abc", odd: ["messageId"] }),
  identified("Message-ID:\n <a@b>", { messageId: "a@b" }),
  identified("Message-ID: <a\n @b>", { messageId: "a@b" }),
  identified("Message-ID: <a@b> (comment)", { messageId: "a@b" }),
  identified("Message-ID: <a@b> <c@d>", { messageId: "a@b" }),
  identified("Message-ID: <a@b>\nMessage-ID: <c@d>", { messageId: "a@b" }),
  identified("Message-ID: <>", { odd: ["messageId"] }),
  identified("X-None: 1", {
    odd: ["messageId"],
    messageId: `${sha256("From: a@example.com\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\nX-None: 1\r\n\r\nx")}@missing.invalid`,
  }),
  identified(`Message-ID: <${"x".repeat(900)}@b>`, { messageId: `${sha256(`${"x".repeat(900)}@b`)}@long.invalid` }),
  identified("References: <a@b> <c@d>\nIn-Reply-To: <c@d>", { refs: ["a@b", "c@d"], inReplyTo: ["c@d"] }),
  identified("References: <a@b><c@d>", { refs: ["a@b", "c@d"] }),
  identified("References: <a@b>,<c@d>", { refs: ["a@b", "c@d"] }),
  identified("References: a@b c@d", { refs: ["a@b", "c@d"] }),
  identified("References: <a@b>\n\t<c@d>\n <e@f>", { refs: ["a@b", "c@d", "e@f"] }),
  identified("References: <a@b> <a@b> <c@d>", { refs: ["a@b", "c@d"] }),
  identified("References: <a@b> <c@d", { refs: ["a@b"] }),
  identified("References: <a@b>\nReferences: <c@d>", { refs: ["a@b", "c@d"] }),
  identified('In-Reply-To: Your message of "Mon, 5 Jan" <a@b>', { inReplyTo: ["a@b"] }),
  identified("In-Reply-To: Message from Anna <a@b> of Monday <c@d>", { inReplyTo: ["a@b", "c@d"] }),
  identified("In-Reply-To: yours", { inReplyTo: [] }),
  identified("In-Reply-To:", { inReplyTo: [] }),
  identified(`References: ${Array.from({ length: 1_000 }, (_, index) => `<${index}@x>`).join(" ")}`, {
    refs: [
      ...Array.from({ length: 50 }, (_, index) => `${index}@x`),
      ...Array.from({ length: 150 }, (_, index) => `${850 + index}@x`),
    ],
  }),
];

const subjects: readonly OddMessage[] = [
  odd("a subject over three lines", message("Subject: one\n two\n\tthree\n\nx"), { subject: "one two three" }),
  odd("a subject of white space", message("Subject:   \n\nx"), { subject: "" }),
  odd("no subject", message("\nx"), { subject: "" }),
  odd("two subjects", message("Subject: one\nSubject: two\n\nx"), { subject: "one" }),
  odd("a subject that is too long", message(`Subject: ${"x".repeat(5_000)}\n\nx`), { subject: "x".repeat(998) }),
  odd("a subject with a header's line end in it", message("Subject: =?utf-8?Q?a=0D=0ABcc=3A_x=40y.z?=\n\nx"), {
    subject: "a Bcc: x@y.z",
  }),
  odd(
    "a subject that ends within an emoji",
    message(`Subject: =?utf-8?B?${Buffer.from(`${"x".repeat(997)}😀`).toString("base64")}?=\n\nx`),
    { subject: `${"x".repeat(997)}\ufffd` },
  ),
  odd("a header that is too large", message("X-A: b\n".repeat(100_000), "Subject: late\n\nx"), {
    odd: ["header"],
    text: "x",
  }),
  odd("a field that is too large", message(`X-A: ${"x".repeat(1_000_000)}\nSubject: late\n\ny`), {
    odd: ["header"],
    text: "y",
  }),
  odd("a field's name that is too long", message(`${"X".repeat(500)}: b\nSubject: late\n\ny`), { odd: ["header"] }),
  odd("a field without a name", message(": b\nSubject: late\n\ny"), { odd: ["header"] }),
  odd("a line that begins with a no-break space", message("\u00a0From: evil@example.com\nSubject: late\n\ny"), {
    odd: ["header"],
    people: { from: [{ address: "anna@example.com", name: "Anna" }] },
  }),
  odd("two senders in two fields", bytes("From: a@example.com\nFrom: b@example.com\n\nx"), {
    people: { from: [{ address: "a@example.com" }] },
    odd: ["from"],
  }),
  odd(
    "a list",
    message(
      "List-Id: The List <list.example.com>\nList-Unsubscribe: <mailto:leave@example.com>, <https://example.com/leave>\n\nx",
    ),
    { extras: { list: { id: "list.example.com", unsubscribe: "https://example.com/leave" } } },
  ),
  odd(
    "a list with a script as the way out",
    message("List-Id: <l.example.com>\nList-Unsubscribe: <javascript:alert(1)>\n\nx"),
    { extras: { list: { id: "l.example.com" } } },
  ),
  odd("a newsletter that names no list", message("List-Unsubscribe: <https://example.com/leave>\n\nx"), {
    extras: { list: { id: "example.com", unsubscribe: "https://example.com/leave" } },
  }),
  odd("important, as Outlook says it", message("X-Priority: 1 (Highest)\n\nx"), { extras: { importance: "high" } }),
  odd("unimportant", message("Importance: Low\n\nx"), { extras: { importance: "low" } }),
  odd("an answer of a machine", message("Auto-Submitted: auto-replied (vacation)\n\nx"), {
    extras: { autoSubmitted: true },
  }),
  odd("no answer of a machine", message("Auto-Submitted: no\n\nx"), { extras: {} }),
  odd("bulk", message("Precedence: bulk\n\nx"), { extras: { autoSubmitted: true } }),
  odd("Bcc that was kept", message("Bcc: c@example.com\n\nx"), { people: { bcc: [{ address: "c@example.com" }] } }),
  odd("recipients in two fields", message("Cc: c@example.com\nCc: d@example.com\n\nx"), {
    people: { cc: [{ address: "c@example.com" }, { address: "d@example.com" }] },
  }),
  odd(
    "501 recipients",
    message(`Cc: ${Array.from({ length: 501 }, (_, index) => `a${index}@example.com`).join(",\n ")}\n\nx`),
    { odd: ["recipients"] },
  ),
];

export const headerMessages: readonly OddMessage[] = [...addresses, ...dates, ...ids, ...subjects];

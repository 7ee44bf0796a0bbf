import {
  bWord,
  base64,
  bytes,
  encode,
  message,
  odd,
  percent,
  quotedPrintable,
  qWord,
  type OddMessage,
} from "./oddMessage.ts";

/** What people wrote, in what their computers spoke. Long enough to be told apart, as mail is. */
const SAMPLES: readonly {
  readonly charset: string;
  readonly label: string;
  readonly text: string;
  readonly guessable: boolean;
}[] = [
  {
    charset: "koi8-r",
    label: "koi8-r",
    text: "Добрый день, коллеги! Высылаю отчёт за прошлый месяц.",
    guessable: true,
  },
  {
    charset: "win1251",
    label: "windows-1251",
    text: "Добрый день, коллеги! Высылаю отчёт за прошлый месяц.",
    guessable: true,
  },
  { charset: "cp866", label: "cp866", text: "Добрый день, коллеги! Высылаю отчёт за прошлый месяц.", guessable: true },
  {
    charset: "iso-8859-5",
    label: "iso-8859-5",
    text: "Добрый день, коллеги! Высылаю отчёт за прошлый месяц.",
    guessable: true,
  },
  {
    charset: "koi8-u",
    label: "koi8-u",
    text: "Доброго дня, колеги! Надсилаю звіт за минулий місяць.",
    guessable: false,
  },
  {
    charset: "shift_jis",
    label: "Shift_JIS",
    text: "お世話になっております。先月の報告書をお送りします。",
    guessable: true,
  },
  { charset: "eucjp", label: "EUC-JP", text: "お世話になっております。先月の報告書をお送りします。", guessable: true },
  {
    charset: "iso-2022-jp",
    label: "ISO-2022-JP",
    text: "お世話になっております。先月の報告書をお送りします。",
    guessable: true,
  },
  { charset: "gb18030", label: "GB18030", text: "大家好,这是我们上个月的工作报告,请大家看一下。", guessable: true },
  { charset: "gbk", label: "gb2312", text: "大家好,这是我们上个月的工作报告,请大家看一下。", guessable: true },
  { charset: "big5", label: "Big5", text: "大家好,這是我們上個月的工作報告,請大家看一下。", guessable: true },
  { charset: "euc-kr", label: "EUC-KR", text: "안녕하세요. 지난달 보고서를 보내 드립니다.", guessable: true },
  { charset: "win1252", label: "windows-1252", text: "Schöne Grüße – das kostet 5 €, ça va?", guessable: true },
  { charset: "latin1", label: "iso-8859-1", text: "Schöne Grüße, ça va bien? Señor Núñez", guessable: true },
  { charset: "iso-8859-2", label: "iso-8859-2", text: "Szép napot kívánok, őszintén: Łódź", guessable: false },
  { charset: "win1250", label: "windows-1250", text: "Zażółć gęślą jaźń, proszę", guessable: false },
  { charset: "iso-8859-7", label: "iso-8859-7", text: "Καλημέρα σας, σας στέλνω την αναφορά", guessable: false },
  { charset: "win1255", label: "windows-1255", text: "שלום לכולם, מצורף הדוח", guessable: false },
  { charset: "win1256", label: "windows-1256", text: "مرحبا، مرفق التقرير", guessable: false },
  { charset: "iso-8859-9", label: "iso-8859-9", text: "Günaydın, iyi çalışmalar", guessable: false },
  { charset: "tis620", label: "tis-620", text: "สวัสดีครับ ส่งรายงานมาให้", guessable: false },
  { charset: "iso-8859-15", label: "iso-8859-15", text: "Prix: 5 € chez Œuvre", guessable: false },
  { charset: "macintosh", label: "macintosh", text: "Schöne Grüße", guessable: false },
  { charset: "utf-16le", label: "utf-16le", text: "Grüße и привет", guessable: false },
  { charset: "utf-7", label: "utf-7", text: "Grüße и привет", guessable: false },
  { charset: "utf8", label: "utf-8", text: "Grüße, привет, 你好 😀", guessable: true },
];

const NO_RAW_HEADER = new Set(["utf-16le", "utf-7"]);

function placesOf({ charset, label, text, guessable }: (typeof SAMPLES)[number]): readonly OddMessage[] {
  const raw = encode(text, charset);
  const plain = `Content-Type: text/plain; charset=${label}\n`;
  const all: OddMessage[] = [
    odd(`${label}: subject in base64`, message(`Subject: ${bWord(raw, label)}\n\nx`), { subject: text }),
    odd(`${label}: subject in Q`, message(`Subject: ${qWord(raw, label)}\n\nx`), { subject: text }),
    odd(`${label}: body in base64`, message(`${plain}Content-Transfer-Encoding: base64\n\n${base64(raw)}`), { text }),
    odd(
      `${label}: body in quoted-printable`,
      message(`${plain}Content-Transfer-Encoding: quoted-printable\n\n${quotedPrintable(raw)}`),
      { text },
    ),
    odd(
      `${label}: file name after RFC 2231`,
      message(
        `Content-Type: application/pdf\nContent-Disposition: attachment; filename*=${label}''${percent(encode(`${text.slice(0, 12)}.pdf`, charset))}\n\nx`,
      ),
      {
        attachments: [{ name: cleaned(`${text.slice(0, 12)}.pdf`) }],
      },
    ),
    odd(
      `${label}: file name as encoded word`,
      message(
        `Content-Type: application/pdf; name="${bWord(encode(`${text.slice(0, 12)}.pdf`, charset), label)}"\n\nx`,
      ),
      {
        attachments: [{ name: cleaned(`${text.slice(0, 12)}.pdf`) }],
      },
    ),
    odd(`${label}: a name in From`, bytes(`From: ${bWord(raw, label)} <a@example.com>\n\nx`), {
      people: { from: [{ address: "a@example.com", name: text }] },
    }),
  ];
  if (NO_RAW_HEADER.has(charset)) return all;
  all.push(
    odd(`${label}: body as it is`, message(`${plain}Content-Transfer-Encoding: 8bit\n\n`, raw), { text }),
    odd(`${label}: subject as it is, beside a label`, message("Subject: ", raw, `\n${plain}\nx`), { subject: text }),
  );
  if (!guessable) return all;
  return [
    ...all,
    odd(`${label}: subject as it is, without a label`, message("Subject: ", raw, "\n\nx"), { subject: text }),
    odd(
      `${label}: body without a label`,
      message("Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\n", raw),
      { text },
    ),
    odd(
      `${label}: body with a label that means nothing`,
      message("Content-Type: text/plain; charset=unknown-8bit\n\n", raw),
      { text },
    ),
    odd(`${label}: body that says us-ascii`, message("Content-Type: text/plain; charset=us-ascii\n\n", raw), { text }),
    odd(`${label}: a name in From as it is`, bytes("From: ", raw.subarray(0, 0), '"', raw, '" <a@example.com>\n\nx'), {
      people: { from: [{ address: "a@example.com", name: text }] },
    }),
  ];
}

/** Colons and the like are no part of a file's name. */
const cleaned = (name: string): string => name.replaceAll(/[<>:"|?*]/g, "_");

const lies: readonly OddMessage[] = [
  odd("UTF-8 under the label iso-8859-1", message("Content-Type: text/plain; charset=iso-8859-1\n\nGrüße und Küsse"), {
    text: "Grüße und Küsse",
    odd: ["charset"],
  }),
  odd("UTF-8 under the label windows-1251", message("Content-Type: text/plain; charset=windows-1251\n\nпривет, мир"), {
    text: "привет, мир",
    odd: ["charset"],
  }),
  odd(
    "windows-1251 under the label iso-8859-1",
    message("Content-Type: text/plain; charset=iso-8859-1\n\n", encode("Добрый день, коллеги", "win1251")),
    { text: "Добрый день, коллеги", odd: ["charset"] },
  ),
  odd(
    "KOI8-R under the label utf-8",
    message("Content-Type: text/plain; charset=utf-8\n\n", encode("Добрый день, коллеги", "koi8-r")),
    { text: "Добрый день, коллеги", odd: ["charset"] },
  ),
  odd(
    "UTF-8 that is cut within a character",
    message("Content-Type: text/plain; charset=utf-8\n\n", Buffer.from("Grüße, привет, мир").subarray(0, -1)),
    { says: "Grüße, привет, ми" },
  ),
  odd(
    "Latin 1 with one capital after another",
    message("Content-Type: text/plain; charset=iso-8859-1\n\n", encode("ÄÖÜ, Ärger", "latin1")),
    { says: "Ärger" },
  ),
  odd("a label in quotation marks and capitals", message("Content-Type: text/plain; charset='UTF-8'\n\nGrüße"), {
    text: "Grüße",
  }),
  odd("a label with a language", message("Subject: =?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=\n\nx"), { subject: "Grüße" }),
  odd("a label that no one knows", message("Content-Type: text/plain; charset=x-klingon\n\nGrüße"), {
    text: "Grüße",
    odd: ["charset"],
  }),
  odd(
    "HTML whose label stands in it",
    message("Content-Type: text/html\n\n<meta charset=windows-1251><p>", encode("Добрый день", "win1251"), "</p>"),
    { text: "Добрый день" },
  ),
  odd(
    "HTML whose label stands in it and outside",
    message("Content-Type: text/html; charset=utf-8\n\n<meta charset=windows-1251><p>Добрый день</p>"),
    { text: "Добрый день" },
  ),
  odd(
    "a character in two words",
    message("Subject: =?utf-8?B?0JTQvtCx0YDRi9C5INC00LXQvdGM0Q==?=\n =?utf-8?B?gQ==?=\n\nx"),
    { subject: "Добрый деньс" },
  ),
  odd(
    "words of several charsets",
    message(
      `Subject: ${bWord(encode("При", "koi8-r"), "koi8-r")} ${bWord(encode("вет", "win1251"), "windows-1251")}\n\nx`,
    ),
    { subject: "Привет" },
  ),
  odd("words with text between", message("Subject: =?utf-8?Q?a?= b =?utf-8?Q?c?= d\n\nx"), { subject: "a b c d" }),
  odd("a word that ends nowhere", message("Subject: =?utf-8?Q?abc\n\nx"), { subject: "=?utf-8?Q?abc" }),
  odd("a word with white space in it", message("Subject: =?utf-8?Q?hello world?=\n\nx"), { subject: "hello world" }),
  odd("a word with broken escapes", message("Subject: =?utf-8?Q?50=_=GG?=\n\nx"), { subject: "50= =GG" }),
  odd("a word with broken base64", message("Subject: =?utf-8?B?SGVsbG8*?=\n\nx"), { subject: "Hello" }),
  odd("a word of an encoding that is none", message("Subject: =?utf-8?X?abc?=\n\nx"), { subject: "=?utf-8?X?abc?=" }),
  odd("an empty word", message("Subject: =?utf-8?Q??=\n\nx"), { subject: "" }),
  odd("a word within a word", message("Subject: =?utf-8?Q?=3D=3Futf-8=3FQ=3Fx=3F=3D?=\n\nx"), {
    subject: "=?utf-8?Q?x?=",
  }),
  odd("NUL in a body", message("Content-Type: text/plain\n\na", Buffer.from([0]), "b"), { text: "ab" }),
  odd("NUL in a subject", message("Subject: a", Buffer.from([0]), "b\n\nx"), { subject: "a b" }),
  odd(
    "half a surrogate in UTF-8",
    message("Content-Type: text/plain; charset=utf-8\n\na", Buffer.from([0xed, 0xa0, 0x80]), "b привет привет"),
    { says: "привет" },
  ),
  odd("a byte order mark before the text", message("Content-Type: text/plain; charset=utf-8\n\n\ufeffabc"), {
    text: "abc",
  }),
  odd(
    "HZ, the example of RFC 1843",
    message("Content-Type: text/plain; charset=hz-gb-2312\n\nThis sentence has no tilde: ~{<:Ky2;S{#,NpJ)l6HK!#~}Bye."),
    {
      text: "This sentence has no tilde: 己所不欲，勿施於人。Bye.",
    },
  ),
  odd(
    "ISO-2022-KR",
    message(
      "Content-Type: text/plain; charset=iso-2022-kr\n\n",
      Buffer.from("\u001b$)C\u000e"),
      encode("안녕", "euc-kr").map((byte) => byte & 0x7f),
      Buffer.from("\u000f"),
      "!",
    ),
    { text: "안녕!" },
  ),
];

export const charsetMessages: readonly OddMessage[] = [...SAMPLES.flatMap(placesOf), ...lies];

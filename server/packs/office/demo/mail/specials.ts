import type { Authenticity } from "@kontor/shared/mail";

/** What comes without being asked for: newsletters, a machine's notes, and what is none of ours. */
export interface DemoSpecial {
  readonly key: string;
  readonly from: { readonly address: string; readonly name: string };
  readonly to: readonly string[];
  readonly daysAgo: number;
  readonly at: readonly [hour: number, minute: number];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly authenticity: Authenticity;
  readonly role: "inbox" | "junk" | "archive" | "trash";
  readonly unread: boolean;
}

const passed: Authenticity = { internal: false, spf: "pass", dkim: "pass", dmarc: "pass", warnings: [] };

const newsletter = (issue: number, title: string, lines: readonly string[]) => ({
  subject: title,
  text: lines.join("\n\n"),
  // Pictures from elsewhere, as newsletters have them: blocked until the reader allows the sender.
  html: `<table width="600" cellpadding="16" style="border-collapse:collapse;font-family:sans-serif"><tr><td style="background:#1f4e79;color:#ffffff"><h1 style="margin:0;font-size:20px">Harbour Weekly</h1></td></tr><tr><td><img src="https://harbourweekly.example/open/${issue}.gif" width="1" height="1" alt=""><img src="https://harbourweekly.example/issues/${issue}/cover.jpg" width="560" alt="Cover of issue ${issue}">${lines
    .map((line) => `<p>${line}</p>`)
    .join("")}<p><a href="https://harbourweekly.example/issues/${issue}">Read the issue</a></p></td></tr></table>`,
  headers: {
    "List-Id": "Harbour Weekly <news.harbourweekly.example>",
    "List-Unsubscribe": `<https://harbourweekly.example/unsubscribe/${issue}>`,
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
  },
  from: { address: "news@harbourweekly.example", name: "Harbour Weekly" },
  authenticity: passed,
});

const plain = (text: string) => ({
  text,
  html: text
    .split("\n\n")
    .map((part) => `<p>${part}</p>`)
    .join(""),
});

export const specials: readonly DemoSpecial[] = [
  {
    ...newsletter(412, "Harbour Weekly 412: the North Sea in winter", [
      "Storm season: what the new anchorage rules mean for reefer lines.",
      "Hamburg opens a second customs window for small consignments.",
    ]),
    key: "news-412",
    to: ["james", "sophie", "henrik"],
    daysAgo: 13,
    at: [6, 30],
    role: "archive",
    unread: false,
  },
  {
    ...newsletter(413, "Harbour Weekly 413: who still ships by barge", [
      "Inland waterways are back: three lines, three business cases.",
      "Interview: how Bergen loads salmon in forty minutes.",
    ]),
    key: "news-413",
    to: ["james", "sophie", "henrik"],
    daysAgo: 6,
    at: [6, 30],
    role: "inbox",
    unread: true,
  },
  {
    key: "monitoring",
    from: { address: "monitor@cloudberry.example", name: "Cloudberry Monitoring" },
    to: ["rajesh", "anton"],
    daysAgo: 1,
    at: [3, 12],
    subject: "[RESOLVED] warehouse-gw: packet loss above 5 %",
    ...plain("Host warehouse-gw, interface wan0.\n\nLoss 0.1 % for ten minutes. The incident lasted 14 minutes."),
    headers: { "Auto-Submitted": "auto-generated", Importance: "low" },
    authenticity: passed,
    role: "inbox",
    unread: true,
  },
  {
    key: "conference",
    from: { address: "forum@severozapad.example", name: "Форум «Логистика Северо-Запада»" },
    to: ["anna", "sergey", "office"],
    daysAgo: 15,
    at: [12, 0],
    subject: "Приглашение на отраслевую конференцию",
    ...plain(
      "Приглашаем принять участие в конференции «Логистика Северо-Запада».\n\nРегистрация открыта до конца месяца, для докладчиков участие бесплатное.",
    ),
    headers: {},
    authenticity: passed,
    role: "inbox",
    unread: false,
  },
  {
    key: "phishing",
    from: { address: "e.sokolova.director@gmaiil.example", name: "Елена Соколова" },
    to: ["lyudmila", "ekaterina"],
    daysAgo: 2,
    at: [17, 58],
    subject: "Срочный платёж сегодня",
    ...plain(
      "Людмила, я на переговорах и не могу говорить.\n\nНужно до 18:30 провести оплату по новым реквизитам, договор пришлю вечером. Никому пока не сообщайте.\n\nЕлена",
    ),
    headers: { Importance: "high" },
    authenticity: {
      internal: false,
      spf: "softfail",
      dkim: "none",
      dmarc: "none",
      warnings: ["nameLooksInternal"],
    },
    role: "inbox",
    unread: true,
  },
  {
    key: "prize",
    from: { address: "winner@lucky-parcel.example", name: "Lucky Parcel" },
    to: ["ivan", "maria", "james"],
    daysAgo: 4,
    at: [2, 40],
    subject: "Your parcel is waiting!!!",
    ...plain("Dear customer, your parcel could not be delivered. Pay 1,99 to release it."),
    headers: {},
    authenticity: { internal: false, spf: "fail", dkim: "fail", dmarc: "fail", warnings: ["dmarcFail"] },
    role: "junk",
    unread: true,
  },
  {
    key: "stationery",
    from: { address: "orders@skladpro.example", name: "СкладПро" },
    to: ["polina"],
    daysAgo: 5,
    at: [14, 0],
    subject: "Скидки на канцелярские товары",
    ...plain("Только до пятницы: бумага, папки и картриджи со скидкой 15 %."),
    headers: {},
    authenticity: passed,
    role: "trash",
    unread: false,
  },
];

import type { MailAddress } from "@kontor/shared/mail";
import type { ImportedCopy, ImportedMail, ImportedMessage, ImportedPlace } from "#mail";
import type { Calendar } from "../calendar.ts";
import { demoDomain, people, personOf } from "../company.ts";
import { counterparties } from "../counterparties.ts";
import { demoId } from "../random.ts";
import type { DemoCompany } from "../records.ts";
import type { DemoLetterMail, DemoThread } from "./demoThread.ts";
import { outside } from "./outside.ts";
import { specials } from "./specials.ts";
import { englishThreads } from "./threads.en.ts";
import { russianThreads } from "./threads.ru.ts";

/** The mail of the demo company: the same on every machine, with its dates counted from the day of loading. */
export async function createDemoMail({
  company,
  numbers,
  calendar,
}: {
  readonly company: DemoCompany;
  /** Automatic numbers by record. */
  readonly numbers: ReadonlyMap<string, string>;
  readonly calendar: Calendar;
}): Promise<ImportedMail> {
  const numbersIn = placeholders(company, numbers);
  const threads = [...russianThreads, ...englishThreads];
  const messages: ImportedMessage[] = [];
  for (const thread of threads) messages.push(...(await messagesOf(thread, { company, numbers, calendar, numbersIn })));
  messages.push(...specialMessages(calendar));
  return {
    mailboxes: sharedMailboxes,
    folders: [{ id: folderIds.nevastan, in: ownOf("ivan"), name: "Невский станкостроитель" }],
    messages: messages.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)),
    drafts: drafts(calendar),
    rules,
    contacts: contacts(calendar),
    settings: [
      {
        userId: personOf("ivan").id,
        settings: {
          signatures: [
            {
              id: demoId("signature", "ivan"),
              name: "Рабочая",
              html: "<p>С уважением,<br>Иван Смирнов<br>Аврора Логистик · +7 812 000-14-14</p>",
              defaultFor: [],
            },
          ],
        },
      },
    ],
  };
}

/* ---------- who ---------- */

type SharedKey = "office" | "sales";
const sharedId = (key: string): string => demoId("mailbox", key);
const isShared = (who: string): who is SharedKey => who === "office" || who === "sales";
const sharedNames: Readonly<Record<SharedKey, string>> = { office: "Канцелярия", sales: "Aurora Sales" };

const member = (login: string, role: "reader" | "editor" | "sender" | "manager") => ({
  userId: personOf(login).id,
  role,
});

const sharedMailboxes: ImportedMail["mailboxes"] = [
  {
    id: sharedId("office"),
    kind: "shared",
    name: sharedNames.office,
    address: `office@${demoDomain}`,
    aliases: [`info@${demoDomain}`],
    members: [member("galina", "manager"), member("polina", "sender"), member("elena", "reader")],
  },
  {
    id: sharedId("sales"),
    kind: "shared",
    name: sharedNames.sales,
    address: `sales@${demoDomain}`,
    members: [
      member("dmitry", "manager"),
      member("sophie", "manager"),
      ...["anna", "ivan", "maria", "pavel", "james", "katarzyna", "luca"].map((login) => member(login, "sender")),
    ],
  },
];

const folderIds: Readonly<Record<string, string>> & { readonly nevastan: string } = {
  nevastan: demoId("mailFolder", "ivan nevastan"),
};

const ownOf = (login: string): ImportedPlace => ({ ownerId: personOf(login).id });
const placeOf = (who: string): ImportedPlace => (isShared(who) ? { mailboxId: sharedId(who) } : ownOf(who));
const isInside = (who: string): boolean => isShared(who) || people.some(({ login }) => login === who);

function addressOf(who: string): MailAddress {
  const elsewhere = outside[who];
  if (elsewhere) return elsewhere;
  const name = isShared(who) ? sharedNames[who] : personOf(who).name;
  return { address: `${who}@${demoDomain}`, name };
}

/* ---------- threads ---------- */

interface Making {
  readonly company: DemoCompany;
  readonly numbers: ReadonlyMap<string, string>;
  readonly calendar: Calendar;
  readonly numbersIn: (subject: string) => string;
}

function placeholders({ contracts, invoices }: DemoCompany, numbers: ReadonlyMap<string, string>) {
  const numberOf = (id: string | undefined) => (id === undefined ? "" : (numbers.get(id) ?? ""));
  // Of whoever writes about it, so that they see what their mail is linked to.
  const contractOf = (login: string) => {
    const own = contracts.filter(({ responsible }) => responsible.login === login);
    return numberOf((own.find(({ state }) => state === "signed") ?? own[0])?.record.id);
  };
  const invoiceOf = (login: string) =>
    numberOf(invoices.find(({ contract }) => contract.responsible.login === login)?.record.id);
  const words: Readonly<Record<string, string>> = {
    contractRu: contractOf("ivan"),
    contractEn: contractOf("james"),
    invoiceRu: invoiceOf("maria"),
    invoiceEn: invoiceOf("james"),
  };
  return (subject: string) => subject.replaceAll(/\{(?<key>\w+)\}/g, (_whole, key: string) => words[key] ?? "");
}

async function messagesOf(thread: DemoThread, making: Making): Promise<readonly ImportedMessage[]> {
  const made: ImportedMessage[] = [];
  const subject = making.numbersIn(thread.subject);
  for (const [index, mail] of thread.mails.entries()) {
    const at = making.calendar.at(mail.daysAgo, ...mail.at);
    const before = thread.mails.slice(0, index).map((each, earlier) => messageIdOf(thread, each, earlier));
    const attachments = await Promise.all(
      (mail.attach ?? []).map(async ({ name, mime, bytes }) => {
        const body = await bytes(making.company, making.numbers);
        return { name, mime, inline: false, open: async () => inOnePiece(body) };
      }),
    );
    made.push({
      message: {
        messageId: messageIdOf(thread, mail, index),
        date: new Date(at),
        from: addressOf(mail.from),
        to: mail.to.map(addressOf),
        cc: (mail.cc ?? []).map(addressOf),
        subject: index === 0 ? subject : `Re: ${subject}`,
        ...(before.length > 0 && { inReplyTo: before.at(-1), references: before }),
        text: mail.text.join("\n\n"),
        html: mail.text.map((paragraph) => `<p>${escaped(paragraph).replaceAll("\n", "<br>")}</p>`).join(""),
        attachments,
      },
      authenticity: isInside(mail.from)
        ? { internal: true, warnings: [] }
        : { internal: false, spf: "pass", dkim: "pass", dmarc: "pass", warnings: [] },
      at,
      copies: copiesOf(thread, mail, index),
    });
  }
  return made;
}

async function* inOnePiece(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const messageIdOf = ({ key }: DemoThread, { from }: DemoLetterMail, index: number): string => {
  const { address } = addressOf(from);
  return `${demoId("mail", `${key} ${index}`)}@${address.slice(address.lastIndexOf("@") + 1)}`;
};

function copiesOf({ key }: DemoThread, mail: DemoLetterMail, index: number): readonly ImportedCopy[] {
  const sender = mail.by ?? mail.from;
  const sent: readonly ImportedCopy[] = isInside(mail.from)
    ? [
        {
          id: demoId("mailMessage", `${key} ${index} sent`),
          in: placeOf(mail.from),
          folder: { role: "sent" },
          sentBy: personOf(sender).id,
          seen: true,
        },
      ]
    : [];
  const received = [...mail.to, ...(mail.cc ?? [])].filter(isInside).map((who): ImportedCopy => {
    const marks = mail.marks?.[who];
    const folder = marks?.folder === undefined ? undefined : folderIds[marks.folder];
    return {
      id: demoId("mailMessage", `${key} ${index} ${who}`),
      in: placeOf(who),
      folder: folder === undefined ? { role: "inbox" } : { id: folder },
      seen: marks?.unread !== true,
      ...(marks?.flagged && { flagged: true }),
      ...(marks?.answered && { answered: true }),
      ...(marks?.labels && { labels: marks.labels }),
      ...(marks?.assignee !== undefined && { assigneeId: personOf(marks.assignee).id }),
    };
  });
  return [...sent, ...received];
}

const specialMessages = (calendar: Calendar): readonly ImportedMessage[] =>
  specials.map((special) => {
    const at = calendar.at(special.daysAgo, ...special.at);
    const { address } = special.from;
    return {
      message: {
        messageId: `${special.key}@${address.slice(address.lastIndexOf("@") + 1)}`,
        date: new Date(at),
        from: special.from,
        to: special.to.map(addressOf),
        cc: [],
        subject: special.subject,
        text: special.text,
        html: special.html,
        headers: special.headers,
        attachments: [],
      },
      authenticity: special.authenticity,
      at,
      copies: special.to.map((who) => ({
        id: demoId("mailMessage", `${special.key} ${who}`),
        in: placeOf(who),
        folder: { role: special.role },
        seen: !special.unread,
      })),
    };
  });

/* ---------- drafts, rules, contacts ---------- */

const drafts = (calendar: Calendar): ImportedMail["drafts"] => [
  {
    id: demoId("mailDraft", "ivan"),
    in: ownOf("ivan"),
    by: personOf("ivan").id,
    at: calendar.at(0, 8, 50),
    draft: {
      from: addressOf("ivan"),
      to: [outside["lunin"] ?? addressOf("anna")],
      cc: [addressOf("sales")],
      bcc: [],
      subject: "Дополнительное соглашение, подписанный экземпляр",
      html: "<p>Аркадий Петрович, добрый день!</p><p>Подписанный экземпляр отправляем курьером сегодня, скан во вложении.</p>",
      cards: [],
      origin: { kind: "new" },
    },
  },
  {
    id: demoId("mailDraft", "james"),
    in: { mailboxId: sharedId("sales") },
    by: personOf("james").id,
    at: calendar.at(0, 9, 5),
    draft: {
      from: addressOf("sales"),
      to: [outside["solheim"] ?? addressOf("sophie")],
      cc: [],
      bcc: [],
      subject: "Re: Request for quotation: 18 reefer trailers a month",
      html: "<p>Dear Ingrid,</p><p>Thursday at ten it is. Our claims statistics: </p>",
      cards: [],
      origin: { kind: "reply", sourceId: demoId("mailMessage", "fjordfisk-quote 4 sales") },
    },
  },
];

const rules: ImportedMail["rules"] = [
  {
    id: demoId("mailRule", "james newsletters"),
    in: ownOf("james"),
    by: personOf("james").id,
    rule: {
      name: "Newsletters go to the archive",
      enabled: true,
      position: 0,
      match: "all",
      conditions: [{ field: "list", test: "contains", value: "harbourweekly.example" }],
      actions: [{ do: "label", label: "News" }, { do: "archive" }],
      stop: false,
    },
  },
  {
    id: demoId("mailRule", "ivan nevastan"),
    in: ownOf("ivan"),
    by: personOf("ivan").id,
    rule: {
      name: "Невский станкостроитель — в папку",
      enabled: true,
      position: 0,
      match: "any",
      conditions: [{ field: "from", test: "endsWith", value: "@nevastan.example" }],
      actions: [{ do: "move", folderId: folderIds.nevastan }],
      stop: false,
    },
  },
  {
    id: demoId("mailRule", "office customs"),
    in: { mailboxId: sharedId("office") },
    by: personOf("galina").id,
    rule: {
      name: "Письма таможни — Полине",
      enabled: true,
      position: 0,
      match: "any",
      conditions: [{ field: "from", test: "contains", value: "tamozhnya.example" }],
      actions: [
        { do: "assign", userId: personOf("polina").id },
        { do: "label", label: "Срок" },
      ],
      stop: false,
    },
  },
];

/** The office keeps those of all counterparties for everybody; some people have a few of their own. */
const contacts = (calendar: Calendar): ImportedMail["contacts"] => [
  ...counterparties.slice(0, 20).map(({ key, name, contact }) => {
    const known = Object.values(outside).find((each) => each.name === contact);
    return {
      id: demoId("contact", key),
      kind: "shared" as const,
      ownerId: personOf("galina").id,
      at: calendar.at(200, 10),
      contact: {
        name: contact,
        organisation: name,
        emails: [{ address: known?.address ?? `info@${key}.example`, label: "work" }],
        phones: [],
      },
    };
  }),
  {
    id: demoId("contact", "ivan lunin"),
    kind: "personal",
    ownerId: personOf("ivan").id,
    at: calendar.at(90, 11),
    contact: {
      name: "Аркадий Лунин (личный)",
      emails: [{ address: "lunin.arkady@mail.example", label: "home" }],
      phones: [{ number: "+7 921 000-18-18", label: "cell" }],
      note: "Звонить после 15:00. День рождения 4 марта.",
    },
  },
  {
    id: demoId("contact", "james reefers"),
    kind: "personal",
    ownerId: personOf("james").id,
    at: calendar.at(7, 11),
    contact: {
      name: "Reefer team",
      emails: [],
      phones: [],
      members: [addressOf("sophie"), addressOf("henrik"), addressOf("katarzyna")],
    },
  },
];

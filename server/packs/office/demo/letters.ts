import type { ImportedRecord, ImportedStep } from "@kontor/server/objects";
import type { Calendar } from "./calendar.ts";
import { departmentId, personOf } from "./company.ts";
import { counterparties } from "./counterparties.ts";
import type { DemoContract } from "./contracts.ts";
import { demoId, type Chance } from "./random.ts";

export interface DemoLetter {
  readonly record: ImportedRecord;
  readonly locale: "en" | "ru";
  readonly counterpartyName: string;
  readonly contact: string;
  readonly subject: string;
  readonly text: string;
  readonly sender: string;
}

type Theme = readonly [subject: string, text: string];

const incoming: Readonly<Record<"en" | "ru", readonly Theme[]>> = {
  ru: [
    [
      "О продлении срока действия договора",
      "Предлагаем продлить срок действия договора на один год на прежних условиях. Просим направить подписанное дополнительное соглашение.",
    ],
    [
      "О задержке поставки",
      "Сообщаем, что отгрузка очередной партии задерживается на пять рабочих дней в связи с ремонтом производственной линии. Приносим извинения.",
    ],
    [
      "Акт сверки расчётов за квартал",
      "Направляем акт сверки взаимных расчётов. Просим подписать и вернуть один экземпляр либо сообщить о расхождениях.",
    ],
    [
      "Запрос коммерческого предложения",
      "Просим представить коммерческое предложение на перевозку 24 контейнеров по сорок футов с отправкой в следующем месяце.",
    ],
    [
      "Претензия по качеству упаковки",
      "При приёмке груза выявлено повреждение упаковки на трёх паллетах. Акт и фотографии прилагаем. Просим возместить стоимость.",
    ],
    [
      "О смене банковских реквизитов",
      "Уведомляем об изменении банковских реквизитов. Просим производить оплату по новым реквизитам, указанным в приложении.",
    ],
    [
      "Запрос сведений о перевозках за год",
      "Просим представить сведения о выполненных перевозках в установленной форме в срок до конца месяца.",
    ],
    [
      "Приглашение на отраслевую конференцию",
      "Приглашаем принять участие в конференции «Логистика Северо-Запада». Программа и форма заявки прилагаются.",
    ],
  ],
  en: [
    [
      "Revised rates for the next quarter",
      "Please find enclosed our rates for the coming quarter. We would be glad to have your confirmation by the end of next week.",
    ],
    [
      "Damage report, container MSKU 724113",
      "On opening the container we found three cartons wet. The surveyor's report and photographs are enclosed.",
    ],
    [
      "Request for quotation: 18 trailers",
      "Kindly quote for eighteen full trailers a month, temperature controlled, starting next quarter.",
    ],
    [
      "Statement of account",
      "Enclosed is the statement of account. Please confirm the balance or let us know of any difference.",
    ],
    [
      "Change of contact person",
      "Please note that our operations desk is now led by a new colleague, whose details you will find below.",
    ],
    [
      "Notice of annual maintenance",
      "The terminal will be closed for maintenance on the first weekend of next month. Please plan your slots accordingly.",
    ],
  ],
};

const outgoing: Readonly<Record<"en" | "ru", readonly Theme[]>> = {
  ru: [
    [
      "Ответ на предложение о продлении договора",
      "Благодарим за предложение. Условия продления согласованы, подписанное дополнительное соглашение направляем в приложении.",
    ],
    [
      "О согласовании графика отгрузок",
      "Направляем график отгрузок на следующий месяц. Просим согласовать его в течение трёх рабочих дней.",
    ],
    [
      "Коммерческое предложение",
      "В ответ на ваш запрос направляем коммерческое предложение. Ставки действительны тридцать дней.",
    ],
    [
      "Ответ на претензию",
      "Рассмотрев вашу претензию, сообщаем, что стоимость повреждённой упаковки будет зачтена в счёт следующего платежа.",
    ],
    ["Напоминание об оплате", "Напоминаем, что срок оплаты счёта истёк. Просим сообщить ожидаемую дату платежа."],
  ],
  en: [
    ["Quotation for full trailers", "Thank you for your enquiry. Our quotation is enclosed and holds for thirty days."],
    [
      "Confirmation of rates",
      "We confirm the rates for the coming quarter as set out in your letter and look forward to working with you.",
    ],
    [
      "Reply to your damage report",
      "We have passed the surveyor's report to our insurer, who will settle the claim with you directly within fourteen days.",
    ],
    [
      "Reminder of payment",
      "May we remind you that our invoice has fallen due. Please let us know when we can expect payment.",
    ],
  ],
};

const handlers = {
  ru: ["ivan", "maria", "pavel", "roman", "yulia", "ksenia"],
  en: ["james", "katarzyna", "luca", "henrik", "oliver"],
};

export function createIncoming(
  contracts: readonly DemoContract[],
  calendar: Calendar,
  chance: Chance,
): readonly DemoLetter[] {
  return Array.from({ length: 40 }, (_, index) => {
    const counterparty = counterparties[(index * 11) % counterparties.length] ?? chance.pick(counterparties);
    const { locale } = counterparty;
    const themes = incoming[locale];
    const [subject, text] = themes[index % themes.length] ?? chance.pick(themes);
    const clerk = personOf(index % 3 === 0 ? "galina" : "polina");
    const executor = personOf(chance.pick(handlers[locale]));
    const addressee = personOf(executor.manager ?? "elena");
    const daysAgo = Math.round(150 * (1 - index / 39));
    const contract = contracts.find((each) => isInForce(each, counterparty.id, calendar.at(daysAgo)));
    const isOpen = daysAgo < 6;
    const step = (transition: string, later: number, by: string): ImportedStep => ({
      at: calendar.at(Math.max(0, daysAgo - later), 12 + (later % 5), index),
      by,
      transition,
    });
    const steps: ImportedStep[] = [];
    if (!isOpen) {
      steps.push({
        at: calendar.at(daysAgo, 15, index),
        by: addressee.id,
        set: {
          executor: executor.id,
          department: departmentId(executor.department),
          resolution:
            locale === "ru" ? "Прошу рассмотреть и подготовить ответ." : "Please look into this and draft a reply.",
        },
      });
      steps.push(step("assign", 1, addressee.id));
      if (daysAgo > 20) steps.push(step("answer", 8, executor.id));
      if (daysAgo > 60) steps.push(step("file", 30, clerk.id));
    }
    const record: ImportedRecord = {
      id: demoId("incoming", String(index)),
      type: "incomingLetter",
      createdAt: calendar.at(daysAgo, 9, 5 + index),
      createdBy: clerk.id,
      fields: {
        subject,
        counterparty: counterparty.id,
        signedBy: counterparty.contact,
        theirNumber:
          locale === "ru"
            ? `${chance.whole(10, 900)}-${chance.pick(["И", "К", "П"])}`
            : `${counterparty.key.slice(0, 3).toUpperCase()}/${chance.whole(100, 999)}`,
        theirDate: calendar.day(daysAgo + chance.whole(1, 6)),
        receivedOn: calendar.day(daysAgo),
        channel: chance.pick(["email", "email", "post", "courier", "edi"]),
        summary: text,
        ...(contract && { contract: contract.record.id }),
        addressee: addressee.id,
        department: departmentId(addressee.department),
        dueOn: calendar.day(daysAgo - chance.pick([7, 10, 14, 30])),
      },
      steps,
    };
    return {
      record,
      locale,
      counterpartyName: counterparty.name,
      contact: counterparty.contact,
      subject,
      text,
      sender: counterparty.contact,
    };
  });
}

export function createOutgoing(
  contracts: readonly DemoContract[],
  replies: readonly DemoLetter[],
  calendar: Calendar,
  chance: Chance,
): readonly DemoLetter[] {
  return Array.from({ length: 30 }, (_, index) => {
    const answered = replies[index] ?? chance.pick(replies);
    const counterparty =
      counterparties.find(({ id }) => id === answered.record.fields.counterparty) ?? chance.pick(counterparties);
    const { locale } = counterparty;
    const [subject, text] = chance.pick(outgoing[locale]);
    const author = personOf(chance.pick(handlers[locale]));
    const signer = personOf(author.manager ?? "elena");
    const daysAgo = Math.max(0, Math.round(140 * (1 - index / 29)) - 2);
    const contract = contracts.find((each) => isInForce(each, counterparty.id, calendar.at(daysAgo)));
    const isReply = index < 24;
    const step = (transition: string, later: number, by: string): ImportedStep => ({
      at: calendar.at(Math.max(0, daysAgo - later), 13 + later, index),
      by,
      transition,
    });
    const way: ImportedStep[] = [];
    if (daysAgo > 3) way.push(step("submit", 0, author.id));
    if (daysAgo > 8) way.push(step("sign", 1, signer.id));
    if (daysAgo > 12) way.push(step("send", 2, personOf("polina").id));
    const record: ImportedRecord = {
      id: demoId("outgoing", String(index)),
      type: "outgoingLetter",
      createdAt: calendar.at(daysAgo, 11, index),
      createdBy: author.id,
      fields: {
        subject,
        counterparty: counterparty.id,
        recipient: counterparty.contact,
        ...(isReply && { inReplyTo: answered.record.id }),
        ...(contract && { contract: contract.record.id }),
        author: author.id,
        signer: signer.id,
        department: departmentId(author.department),
        channel: chance.pick(["email", "post", "edi"]),
        text,
      },
      steps: way,
    };
    return {
      record,
      locale,
      counterpartyName: counterparty.name,
      contact: counterparty.contact,
      subject,
      text,
      sender: signer.name,
    };
  });
}

const isInForce = ({ counterparty, state, record }: DemoContract, counterpartyId: string, at: string): boolean =>
  counterparty.id === counterpartyId && state === "signed" && record.createdAt < at;

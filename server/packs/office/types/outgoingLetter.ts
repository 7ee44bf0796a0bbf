import { defineType } from "@kontor/server/objects";
import { channel, department, label } from "./common.ts";

export const outgoingLetter = defineType({
  name: "outgoingLetter",
  label: label("Outgoing letter", "Исходящее письмо"),
  plural: label("Outgoing letters", "Исходящие письма"),
  icon: "mail-up",
  sections: [{ key: "main", label: label("Letter", "Письмо") }],
  fields: {
    number: { kind: "autoNumber", label: label("Number", "Рег. номер"), pattern: "OUT-{year}-{n:5}" },
    subject: { kind: "text", label: label("Subject", "Тема"), required: true, maxLength: 250, wide: true },
    counterparty: {
      kind: "relation",
      to: "counterparty",
      label: label("To", "Получатель"),
      backLabel: label("Letters to them", "Письма им"),
    },
    recipient: { kind: "text", label: label("Attention of", "Кому (лицо)"), maxLength: 120 },
    inReplyTo: {
      kind: "relation",
      to: "incomingLetter",
      label: label("In reply to", "В ответ на"),
      backLabel: label("Replies", "Ответы"),
    },
    contract: {
      kind: "relation",
      to: "contract",
      label: label("Contract", "Договор"),
      backLabel: label("Outgoing letters", "Исходящие письма"),
    },
    author: { kind: "person", label: label("Written by", "Исполнитель"), default: "me", required: true },
    signer: { kind: "person", label: label("Signs", "Подписывает") },
    department,
    channel,
    sentOn: { kind: "date", label: label("Sent on", "Дата отправки"), readOnly: true },
    text: { kind: "longText", label: label("Text", "Текст письма"), maxLength: 20_000, wide: true },
    document: { kind: "files", label: label("Letter", "Письмо"), wide: true },
  },
  titleField: "subject",
  ownerField: "author",
  departmentField: "department",
  states: {
    initial: "draft",
    list: [
      { key: "draft", label: label("Draft", "Черновик"), tone: "neutral" },
      { key: "approval", label: label("For signature", "На подписи"), tone: "accent" },
      { key: "signed", label: label("Signed", "Подписано"), tone: "accent" },
      { key: "sent", label: label("Sent", "Отправлено"), tone: "good" },
    ],
    transitions: [
      {
        key: "submit",
        label: label("Hand in for signature", "На подпись"),
        from: ["draft"],
        to: "approval",
        requires: ["counterparty", "signer"],
        primary: true,
      },
      { key: "sign", label: label("Sign", "Подписать"), from: ["approval"], to: "signed", primary: true },
      {
        key: "return",
        label: label("Return for changes", "Вернуть на доработку"),
        from: ["approval", "signed"],
        to: "draft",
      },
      {
        key: "send",
        label: label("Mark as sent", "Отметить отправку"),
        from: ["signed"],
        to: "sent",
        requires: ["channel"],
        sets: { sentOn: "today" },
        primary: true,
      },
    ],
  },
  list: {
    columns: ["number", "subject", "counterparty", "sentOn", "state", "author"],
    summary: ["counterparty", "sentOn"],
    sort: { field: "number", direction: "desc" },
    filters: ["counterparty", "sentOn", "author", "signer", "department"],
  },
});

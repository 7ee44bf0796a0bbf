import { defineType } from "@kontor/server/objects";
import { channel, department, label } from "./common.ts";

export const incomingLetter = defineType({
  name: "incomingLetter",
  label: label("Incoming letter", "Входящее письмо"),
  plural: label("Incoming letters", "Входящие письма"),
  icon: "mail-down",
  sections: [
    { key: "main", label: label("Letter", "Письмо") },
    { key: "work", label: label("Handling", "Исполнение") },
  ],
  fields: {
    number: { kind: "autoNumber", label: label("Number", "Рег. номер"), pattern: "IN-{year}-{n:5}" },
    subject: { kind: "text", label: label("Subject", "Тема"), required: true, maxLength: 250, wide: true },
    counterparty: {
      kind: "relation",
      to: "counterparty",
      label: label("From", "Отправитель"),
      backLabel: label("Letters from them", "Письма от них"),
    },
    signedBy: { kind: "text", label: label("Signed by", "Кем подписано"), maxLength: 120 },
    theirNumber: { kind: "text", label: label("Their number", "Исходящий номер отправителя"), maxLength: 60 },
    theirDate: { kind: "date", label: label("Their date", "Дата отправителя") },
    receivedOn: { kind: "date", label: label("Received on", "Дата получения"), default: "today", required: true },
    channel,
    summary: { kind: "longText", label: label("Summary", "Краткое содержание"), maxLength: 5_000, wide: true },
    contract: {
      kind: "relation",
      to: "contract",
      label: label("Contract", "Договор"),
      backLabel: label("Incoming letters", "Входящие письма"),
    },
    scan: { kind: "files", label: label("Scan", "Скан"), wide: true },
    addressee: { kind: "person", section: "work", label: label("Addressed to", "Адресат") },
    executor: { kind: "person", section: "work", label: label("Handled by", "Исполнитель") },
    department: { ...department, section: "work" },
    dueOn: { kind: "date", section: "work", label: label("Answer by", "Ответить до") },
    resolution: {
      kind: "longText",
      section: "work",
      label: label("Resolution", "Резолюция"),
      maxLength: 2_000,
      wide: true,
    },
  },
  titleField: "subject",
  ownerField: "executor",
  departmentField: "department",
  states: {
    initial: "registered",
    list: [
      { key: "registered", label: label("Registered", "Зарегистрировано"), tone: "neutral" },
      { key: "inWork", label: label("In work", "В работе"), tone: "accent" },
      { key: "answered", label: label("Answered", "Отвечено"), tone: "good" },
      { key: "filed", label: label("Filed", "В деле"), tone: "neutral" },
    ],
    transitions: [
      {
        key: "assign",
        label: label("Hand over for work", "Передать в работу"),
        from: ["registered"],
        to: "inWork",
        requires: ["executor"],
        primary: true,
      },
      {
        key: "answer",
        label: label("Mark as answered", "Отметить ответ"),
        from: ["inWork"],
        to: "answered",
        primary: true,
      },
      { key: "file", label: label("File", "Списать в дело"), from: ["registered", "inWork", "answered"], to: "filed" },
      { key: "reopen", label: label("Take up again", "Вернуть в работу"), from: ["answered", "filed"], to: "inWork" },
    ],
  },
  list: {
    columns: ["number", "subject", "counterparty", "receivedOn", "dueOn", "state", "executor"],
    summary: ["counterparty", "receivedOn"],
    sort: { field: "number", direction: "desc" },
    filters: ["counterparty", "receivedOn", "dueOn", "executor", "department", "channel"],
  },
  checks: [
    {
      left: "receivedOn",
      op: "lte",
      right: "dueOn",
      message: label("The answer would be due before the letter came.", "Срок ответа раньше даты получения."),
    },
  ],
});

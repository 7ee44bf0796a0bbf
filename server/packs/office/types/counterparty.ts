import { defineType } from "@kontor/server/objects";
import { label, responsible } from "./common.ts";

export const counterparty = defineType({
  name: "counterparty",
  label: label("Counterparty", "Контрагент"),
  plural: label("Counterparties", "Контрагенты"),
  icon: "building",
  sections: [
    { key: "main", label: label("Organisation", "Организация") },
    { key: "contact", label: label("Contact", "Контакты") },
    { key: "bank", label: label("Bank details", "Банковские реквизиты"), sensitive: true },
  ],
  fields: {
    name: { kind: "text", label: label("Name", "Название"), required: true, maxLength: 160, wide: true },
    fullName: { kind: "text", label: label("Full name", "Полное наименование"), maxLength: 300, wide: true },
    kind: {
      kind: "choice",
      label: label("Kind", "Вид"),
      options: [
        { key: "company", label: label("Company", "Организация") },
        { key: "entrepreneur", label: label("Sole trader", "Индивидуальный предприниматель") },
        { key: "authority", label: label("Public authority", "Государственный орган") },
        { key: "individual", label: label("Individual", "Физическое лицо") },
      ],
      default: "company",
      required: true,
    },
    roles: {
      kind: "choices",
      label: label("For us they are", "Кто они для нас"),
      options: [
        { key: "customer", label: label("Customer", "Покупатель") },
        { key: "supplier", label: label("Supplier", "Поставщик") },
        { key: "contractor", label: label("Contractor", "Подрядчик") },
        { key: "partner", label: label("Partner", "Партнёр") },
      ],
    },
    taxId: {
      kind: "text",
      label: label("Tax number", "ИНН"),
      pattern: "taxId",
      unique: true,
      hint: label("With the country's letters if it has them", "10 или 12 цифр; для иностранных — с буквами страны"),
    },
    registration: { kind: "text", label: label("Registration number", "ОГРН"), maxLength: 30 },
    responsible,
    documents: { kind: "files", label: label("Documents", "Документы"), wide: true },
    email: { kind: "text", section: "contact", label: label("E-mail", "Эл. почта"), pattern: "email" },
    phone: { kind: "text", section: "contact", label: label("Telephone", "Телефон"), pattern: "phone" },
    website: { kind: "text", section: "contact", label: label("Website", "Сайт"), pattern: "url" },
    contactPerson: {
      kind: "text",
      section: "contact",
      label: label("Contact person", "Контактное лицо"),
      maxLength: 120,
    },
    legalAddress: {
      kind: "longText",
      section: "contact",
      label: label("Registered address", "Юридический адрес"),
      maxLength: 500,
      wide: true,
    },
    postalAddress: {
      kind: "longText",
      section: "contact",
      label: label("Postal address", "Почтовый адрес"),
      maxLength: 500,
      wide: true,
    },
    bank: { kind: "text", section: "bank", label: label("Bank", "Банк"), maxLength: 160 },
    bankCode: { kind: "text", section: "bank", label: label("Bank code (BIC)", "БИК"), maxLength: 11 },
    account: { kind: "text", section: "bank", label: label("Account", "Расчётный счёт"), maxLength: 34 },
    iban: { kind: "text", section: "bank", label: label("IBAN", "IBAN"), pattern: "iban" },
  },
  titleField: "name",
  ownerField: "responsible",
  states: {
    initial: "active",
    list: [
      { key: "active", label: label("Active", "Работаем"), tone: "good" },
      { key: "blocked", label: label("On the stop list", "В стоп-листе"), tone: "bad" },
    ],
    transitions: [
      {
        key: "block",
        label: label("Put on the stop list", "В стоп-лист"),
        from: ["active"],
        to: "blocked",
        confirm: label("Stop working with this counterparty?", "Прекратить работу с этим контрагентом?"),
      },
      {
        key: "unblock",
        label: label("Take off the stop list", "Убрать из стоп-листа"),
        from: ["blocked"],
        to: "active",
      },
    ],
  },
  list: {
    columns: ["name", "taxId", "kind", "roles", "state"],
    summary: ["taxId", "roles"],
    sort: { field: "name", direction: "asc" },
    filters: ["kind", "roles", "responsible"],
  },
});

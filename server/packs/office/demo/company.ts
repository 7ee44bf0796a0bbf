import { demoId } from "./random.ts";

/** A freight forwarder in Saint Petersburg with an office in Hamburg: half of its papers are Russian, half are English. */
export const company = {
  en: "Aurora Logistics",
  ru: "Аврора Логистик",
  legal: { en: "Aurora Logistics LLC", ru: "ООО «Аврора Логистик»" },
  address: { en: "14 Obvodny Canal Embankment, Saint Petersburg", ru: "Санкт-Петербург, наб. Обводного канала, д. 14" },
  taxId: "7801234564",
  phone: "+7 812 000-14-14",
  email: "office@aurora.example",
} as const;

export const demoDomain = "aurora.example";

export interface DemoDepartment {
  readonly key: string;
  readonly parent?: string;
  readonly en: string;
  readonly ru: string;
  readonly code: string;
}

const department = (key: string, parent: string | undefined, en: string, ru: string): DemoDepartment => ({
  key,
  ...(parent !== undefined && { parent }),
  en,
  ru,
  code: key.toUpperCase(),
});

export const departments: readonly DemoDepartment[] = [
  department("aur", undefined, company.en, company.ru),
  department("sales", "aur", "Sales", "Продажи"),
  department("sales-ru", "sales", "Russia and CIS", "Россия и СНГ"),
  department("sales-int", "sales", "International", "Международные продажи"),
  department("ops", "aur", "Operations", "Операционный департамент"),
  department("ops-wh", "ops", "Warehouse", "Склад"),
  department("ops-tr", "ops", "Transport", "Транспорт"),
  department("ops-cu", "ops", "Customs", "Таможенное оформление"),
  department("fin", "aur", "Finance", "Финансы"),
  department("fin-acc", "fin", "Accounting", "Бухгалтерия"),
  department("fin-pur", "fin", "Purchasing", "Закупки"),
  department("legal", "aur", "Legal", "Юридический отдел"),
  department("hr", "aur", "Human Resources", "Отдел кадров"),
  department("office", "aur", "Office", "Канцелярия"),
  department("it", "aur", "IT", "Информационные технологии"),
];

export const groups = [
  { key: "heads", en: "Heads of departments", ru: "Руководители подразделений" },
  { key: "management", en: "Management", ru: "Руководство" },
  { key: "legal", en: "Lawyers", ru: "Юристы" },
  { key: "accounting", en: "Accounting", ru: "Бухгалтерия" },
  { key: "office", en: "Office", ru: "Канцелярия" },
  { key: "hr", en: "Human resources", ru: "Кадры" },
  { key: "decision-clients", en: "Decision clients", ru: "Системы, запрашивающие решения" },
  { key: "auditors", en: "Auditors", ru: "Аудиторы" },
] as const;

export const positions = [
  { key: "director", en: "Managing Director", ru: "Генеральный директор" },
  { key: "deputy-director", en: "Deputy Director", ru: "Заместитель директора" },
  { key: "department-head", en: "Head of Department", ru: "Начальник отдела" },
  { key: "sales-manager", en: "Sales Manager", ru: "Менеджер по продажам" },
  { key: "warehouse-clerk", en: "Warehouse Clerk", ru: "Кладовщик" },
  { key: "dispatcher", en: "Dispatcher", ru: "Диспетчер" },
  { key: "customs-agent", en: "Customs Agent", ru: "Декларант" },
  { key: "cfo", en: "Chief Financial Officer", ru: "Финансовый директор" },
  { key: "accountant", en: "Accountant", ru: "Бухгалтер" },
  { key: "buyer", en: "Buyer", ru: "Специалист по закупкам" },
  { key: "lawyer", en: "Lawyer", ru: "Юрист" },
  { key: "hr-specialist", en: "HR Specialist", ru: "Специалист по кадрам" },
  { key: "secretary", en: "Secretary", ru: "Секретарь" },
  { key: "engineer", en: "Systems Engineer", ru: "Системный инженер" },
] as const;

export interface DemoPerson {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly locale: "en" | "ru";
  readonly department: string;
  readonly position: (typeof positions)[number]["key"];
  readonly manager?: string;
  readonly groups: readonly string[];
  /** Why one would sign in as this person; only those who have it can. */
  readonly demo?: { readonly en: string; readonly ru: string };
}

type Extra = { readonly groups?: readonly string[]; readonly demo?: DemoPerson["demo"] };

const person = (
  login: string,
  name: string,
  department: string,
  position: DemoPerson["position"],
  manager?: string,
  { groups = [], demo }: Extra = {},
): DemoPerson => ({
  id: demoId("person", login),
  login,
  name,
  locale: /[а-яё]/i.test(name) ? "ru" : "en",
  department,
  position,
  ...(manager !== undefined && { manager }),
  groups,
  ...(demo && { demo }),
});

const head = ["heads"];

/** Logins are first names: no two of them are alike, and they are quick to type. */
export const people: readonly DemoPerson[] = [
  person("elena", "Елена Соколова", "aur", "director", undefined, {
    groups: ["heads", "management"],
    demo: { en: "managing director, sees the whole company", ru: "генеральный директор, видит всю компанию" },
  }),
  person("markus", "Markus Brandt", "aur", "deputy-director", "elena", { groups: ["heads", "management"] }),
  person("dmitry", "Дмитрий Орлов", "sales", "department-head", "elena", { groups: head }),
  person("anna", "Анна Кузнецова", "sales-ru", "department-head", "dmitry", {
    groups: head,
    demo: { en: "head of sales in Russia, approves", ru: "начальник продаж по России, согласует" },
  }),
  person("ivan", "Иван Смирнов", "sales-ru", "sales-manager", "anna", {
    demo: { en: "sales manager, has contracts and drafts", ru: "менеджер по продажам, ведёт договоры" },
  }),
  person("maria", "Мария Волкова", "sales-ru", "sales-manager", "anna", {
    demo: { en: "sales manager, Ivan's colleague", ru: "менеджер по продажам, коллега Ивана" },
  }),
  person("pavel", "Павел Новиков", "sales-ru", "sales-manager", "anna"),
  person("sophie", "Sophie Laurent", "sales-int", "department-head", "dmitry", { groups: head }),
  person("james", "James Carter", "sales-int", "sales-manager", "sophie", {
    demo: { en: "international sales, works in English", ru: "международные продажи, работает на английском" },
  }),
  person("katarzyna", "Katarzyna Nowak", "sales-int", "sales-manager", "sophie"),
  person("luca", "Luca Ferrari", "sales-int", "sales-manager", "sophie"),
  person("sergey", "Сергей Морозов", "ops", "department-head", "elena", { groups: head }),
  person("alexey", "Алексей Фёдоров", "ops-wh", "department-head", "sergey", { groups: head }),
  person("nikolay", "Николай Зайцев", "ops-wh", "warehouse-clerk", "alexey"),
  person("timur", "Тимур Ахметов", "ops-wh", "warehouse-clerk", "alexey"),
  person("viktor", "Виктор Егоров", "ops-wh", "warehouse-clerk", "alexey"),
  person("olga", "Ольга Белова", "ops-tr", "department-head", "sergey", { groups: head }),
  person("roman", "Роман Комаров", "ops-tr", "dispatcher", "olga"),
  person("artyom", "Артём Лебедев", "ops-tr", "dispatcher", "olga"),
  person("henrik", "Henrik Larsen", "ops-tr", "dispatcher", "olga"),
  person("natalia", "Наталья Павлова", "ops-cu", "department-head", "sergey", { groups: head }),
  person("ksenia", "Ксения Голубева", "ops-cu", "customs-agent", "natalia"),
  person("kirill", "Кирилл Виноградов", "ops-cu", "customs-agent", "natalia"),
  person("tatiana", "Татьяна Романова", "fin", "cfo", "elena", { groups: ["heads", "management", "accounting"] }),
  person("lyudmila", "Людмила Захарова", "fin-acc", "department-head", "tatiana", {
    groups: ["heads", "accounting"],
    demo: { en: "chief accountant, pays invoices", ru: "главный бухгалтер, оплачивает счета" },
  }),
  person("ekaterina", "Екатерина Гусева", "fin-acc", "accountant", "lyudmila", { groups: ["accounting"] }),
  person("emma", "Emma Fischer", "fin-acc", "accountant", "lyudmila", { groups: ["accounting"] }),
  person("svetlana", "Светлана Тихонова", "fin-acc", "accountant", "lyudmila", { groups: ["accounting"] }),
  person("andrey", "Андрей Макаров", "fin-pur", "department-head", "tatiana", { groups: head }),
  person("yulia", "Юлия Крылова", "fin-pur", "buyer", "andrey"),
  person("oliver", "Oliver Schmidt", "fin-pur", "buyer", "andrey"),
  person("mikhail", "Михаил Воронов", "legal", "department-head", "elena", {
    groups: ["heads", "legal"],
    demo: { en: "head of legal, sees all contracts", ru: "начальник юридического отдела, видит все договоры" },
  }),
  person("daria", "Дарья Сорокина", "legal", "lawyer", "mikhail", { groups: ["legal"] }),
  person("clara", "Clara Hoffmann", "legal", "lawyer", "mikhail", {
    groups: ["legal", "auditors"],
    demo: {
      en: "lawyer and auditor, reads the audit log in the console",
      ru: "юрист и аудитор, читает журнал в консоли",
    },
  }),
  person("irina", "Ирина Степанова", "hr", "department-head", "elena", {
    groups: ["heads", "hr"],
    demo: { en: "head of HR, sees pay", ru: "начальник отдела кадров, видит оплату труда" },
  }),
  person("vera", "Вера Ковалёва", "hr", "hr-specialist", "irina", { groups: ["hr"] }),
  person("galina", "Галина Мельникова", "office", "department-head", "elena", {
    groups: ["heads", "office"],
    demo: { en: "head of the office, registers letters", ru: "заведующая канцелярией, регистрирует письма" },
  }),
  person("polina", "Полина Жукова", "office", "secretary", "galina", { groups: ["office"] }),
  person("anton", "Антон Киселёв", "it", "department-head", "elena", {
    groups: ["heads", "administrators"],
    demo: { en: "administrator, opens the console", ru: "администратор, работает с консолью" },
  }),
  person("rajesh", "Rajesh Patel", "it", "engineer", "anton"),
];

export const departmentId = (key: string): string => demoId("department", key);

export function personOf(login: string): DemoPerson {
  const found = people.find((each) => each.login === login);
  if (!found) throw new Error(`nobody in the demo company is called ${login}`);
  return found;
}

export const positionOf = (key: DemoPerson["position"]) => positions.find((each) => each.key === key) ?? positions[0];

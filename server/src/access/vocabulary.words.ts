import type { Label } from "@kontor/shared/base";

/** What is called a type here and is none that a pack defines. */
export const resourceWords: Readonly<Record<string, Label>> = {
  person: { en: "Person", ru: "Сотрудник" },
  ownerActive: { en: "Its owner is switched on", ru: "Владелец включён" },
  department: { en: "Department", ru: "Отдел" },
  group: { en: "Group", ru: "Группа" },
  position: { en: "Position", ru: "Должность" },
  objectType: { en: "Type of objects", ru: "Вид объектов" },
  mailbox: { en: "Mailbox", ru: "Почтовый ящик" },
  contact: { en: "Contact", ru: "Контакт" },
  mailSettings: { en: "Mail settings", ru: "Настройки почты" },
  accessRequest: { en: "Request for access", ru: "Просьба о доступе" },
  system: { en: "The server itself", ru: "Сам сервер" },
};

/** What the attributes are called that every policy may mention, and the actions that every record knows. */
export const subjectWords: Readonly<Record<string, Label>> = {
  id: { en: "The person themselves", ru: "Сам человек" },
  login: { en: "Sign-in name", ru: "Имя для входа" },
  groups: { en: "Groups", ru: "Группы" },
  department: { en: "Own department", ru: "Свой отдел" },
  departments: { en: "Own department and those above", ru: "Свой отдел и вышестоящие" },
  subtree: { en: "Own department and those below", ru: "Свой отдел и нижестоящие" },
  positions: { en: "Positions", ru: "Должности" },
  managers: { en: "Managers, nearest first", ru: "Руководители, начиная с ближайшего" },
  isAdmin: { en: "Is an administrator", ru: "Администратор" },
};

export const contextWords: Readonly<Record<string, Label>> = {
  time: { en: "Time", ru: "Время" },
  ip: { en: "Address", ru: "Адрес" },
  deviceId: { en: "Device", ru: "Устройство" },
  deviceTrusted: { en: "Trusted device", ru: "Доверенное устройство" },
  factorLevel: { en: "Factors at sign-in", ru: "Факторов при входе" },
  secondFactorAt: { en: "Second factor given at", ru: "Когда дан второй фактор" },
  channel: { en: "Channel", ru: "Канал" },
  offline: { en: "Offline", ru: "Без сети" },
};

export const channelWords: Readonly<Record<"desktop" | "console" | "api" | "job", Label>> = {
  desktop: { en: "Desktop application", ru: "Настольное приложение" },
  console: { en: "Console", ru: "Консоль" },
  api: { en: "Programs", ru: "Программы" },
  job: { en: "Work of the server", ru: "Работа сервера" },
};

export const attributeWords: Readonly<Record<string, Label>> = {
  id: { en: "Identifier", ru: "Идентификатор" },
  state: { en: "State", ru: "Состояние" },
  owner: { en: "Owner", ru: "Владелец" },
  department: { en: "Department", ru: "Отдел" },
  createdBy: { en: "Created by", ru: "Кем создано" },
  createdAt: { en: "Created at", ru: "Когда создано" },
  deleted: { en: "In the trash", ru: "В корзине" },
  kind: { en: "Kind", ru: "Вид" },
  readers: { en: "Members who read", ru: "Кто читает" },
  editors: { en: "Members who sort and answer", ru: "Кто разбирает" },
  senders: { en: "Members who send", ru: "Кто отправляет" },
  managers: { en: "Members who manage", ru: "Кто управляет" },
};

export const actionWords: Readonly<Record<string, Label>> = {
  read: { en: "Read", ru: "Читать" },
  create: { en: "Create", ru: "Создавать" },
  edit: { en: "Edit", ru: "Изменять" },
  delete: { en: "Delete", ru: "Удалять" },
  restore: { en: "Restore", ru: "Восстанавливать" },
  attach: { en: "Attach files", ru: "Прикладывать файлы" },
  send: { en: "Send", ru: "Отправлять" },
  manage: { en: "Manage", ru: "Управлять" },
  administer: { en: "Administer the server", ru: "Управлять сервером" },
  audit: { en: "Read the audit log", ru: "Читать журнал аудита" },
  evaluate: { en: "Ask for decisions (AuthZEN)", ru: "Запрашивать решения (AuthZEN)" },
};

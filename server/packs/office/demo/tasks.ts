import type { ImportedRecord, ImportedStep } from "@kontor/server/objects";
import type { Calendar } from "./calendar.ts";
import { departmentId, personOf } from "./company.ts";
import type { DemoContract } from "./contracts.ts";
import { demoId, type Chance } from "./random.ts";

type Row = readonly [title: string, giver: string, assignee: string, label: string | undefined, description?: string];

const rows: readonly Row[] = [
  [
    "Подготовить ответ на претензию по упаковке",
    "anna",
    "ivan",
    "legal",
    "Приложить акт и фотографии, согласовать текст с юристами.",
  ],
  ["Согласовать график отгрузок на следующий месяц", "anna", "maria", undefined],
  ["Обновить прайс-лист по сборным грузам", "dmitry", "anna", "finance"],
  ["Собрать подписи под актами за квартал", "lyudmila", "svetlana", "finance"],
  ["Проверить сроки действия договоров аренды", "mikhail", "daria", "legal"],
  ["Заказать поверку весов на складе № 2", "alexey", "nikolay", "premises"],
  ["Провести инвентаризацию стеллажей", "alexey", "timur", "premises", "Ряды А–Д, сверить с планом склада."],
  [
    "Organise the Hamburg customer day",
    "sophie",
    "james",
    undefined,
    "Room for 30 people, programme in English and German.",
  ],
  ["Collect references from three customers", "sophie", "katarzyna", undefined],
  [
    "Compare offers for handheld scanners",
    "andrey",
    "oliver",
    "finance",
    "At least three suppliers; delivery within six weeks.",
  ],
  ["Renew the cargo insurance", "tatiana", "oliver", "finance"],
  ["Translate the general terms into German", "mikhail", "clara", "legal"],
  ["Set up laptops for new colleagues", "anton", "rajesh", "it"],
  ["Move the file server to the new room", "anton", "rajesh", "it", "On a Saturday; tell everybody a week before."],
  ["Подобрать водителя на маршрут Тверь — Москва", "olga", "roman", "hr"],
  ["Составить график отпусков", "irina", "vera", "hr"],
  ["Подготовить приказ о командировке в Гамбург", "irina", "vera", "hr"],
  ["Сверить таможенные платежи за прошлый месяц", "natalia", "ksenia", "finance"],
  ["Продлить электронную подпись директора", "galina", "polina", "it"],
  ["Отправить оригиналы договоров в архив", "mikhail", "polina", "legal"],
  ["Уточнить тарифы терминала на зиму", "olga", "artyom", undefined],
  ["Plan the trailer rotation for December", "olga", "henrik", undefined],
  ["Проверить контрагента перед продлением договора", "mikhail", "daria", "legal"],
  ["Подготовить отчёт по дебиторской задолженности", "tatiana", "ekaterina", "finance"],
  ["Call Brightwood about the late payment", "sophie", "luca", "finance"],
  ["Прислать фотографии ремонта кровли", "sergey", "viktor", "premises"],
  ["Назначить встречу с «Агро Волга»", "anna", "ivan", undefined],
  ["Внести правки в договор перевозки", "anna", "ivan", "legal", "Пункты 3.2 и 5.1, по замечаниям контрагента."],
  ["Рассчитать ставку на Новосибирск", "anna", "maria", "finance"],
  ["Обучить новых кладовщиков", "alexey", "viktor", "hr"],
  ["Prepare the quarterly figures for the board", "elena", "markus", "finance"],
  ["Согласовать бюджет на следующий год", "elena", "tatiana", "finance"],
  ["Выбрать подрядчика по уборке", "andrey", "yulia", "premises"],
  ["Check the invoices of Hanseport", "lyudmila", "emma", "finance"],
  ["Заменить картриджи в бухгалтерии", "lyudmila", "rajesh", "it"],
  ["Подготовить доверенность на получение груза", "anna", "pavel", "legal"],
  ["Write up the visit to Bergen", "sophie", "james", undefined],
  ["Разобрать замечания аудиторов", "tatiana", "lyudmila", "finance", "Срок ответа аудиторам — две недели."],
];

export function createTasks(
  contracts: readonly DemoContract[],
  calendar: Calendar,
  chance: Chance,
): readonly ImportedRecord[] {
  return rows.map(([title, giverLogin, assigneeLogin, label, description], index) => {
    const giver = personOf(giverLogin);
    const assignee = personOf(assigneeLogin);
    const daysAgo = Math.round(45 * (1 - index / rows.length));
    const state = chance.pick(
      daysAgo > 25
        ? ["done", "done", "inProgress"]
        : daysAgo > 8
          ? ["inProgress", "open", "done"]
          : ["open", "open", "inProgress"],
    );
    const contract = contracts.find(
      (each) =>
        each.responsible.login === assigneeLogin &&
        each.state === "signed" &&
        each.record.createdAt < calendar.at(daysAgo),
    );
    const start: ImportedStep = {
      at: calendar.at(Math.max(0, daysAgo - 1), 10, index),
      by: assignee.id,
      transition: "start",
    };
    const finish: ImportedStep = {
      at: calendar.at(Math.max(0, daysAgo - 6), 16, index),
      by: assignee.id,
      transition: "finish",
    };
    const steps = state === "done" ? [start, finish] : state === "inProgress" ? [start] : [];
    const before = index > 0 && index % 9 === 0 ? [demoId("task", String(index - 1))] : undefined;
    return {
      id: demoId("task", String(index)),
      type: "task",
      createdAt: calendar.at(daysAgo, 9, index),
      createdBy: giver.id,
      fields: {
        title,
        assignee: assignee.id,
        dueOn: calendar.day(daysAgo - chance.whole(5, 30)),
        priority: chance.pick(["normal", "normal", "normal", "high", "low", "urgent"]),
        department: departmentId(assignee.department),
        ...(label !== undefined && { labels: [label] }),
        estimate: chance.pick([0.5, 1, 2, 4, 8, 16]),
        ...(description !== undefined && { description }),
        ...(contract && index % 2 === 0 && { contract: contract.record.id }),
        ...(before && { blockedBy: before }),
      },
      steps,
    };
  });
}

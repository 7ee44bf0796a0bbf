import { routeMap } from "../files/picture.ts";
import { priceAnnex } from "../files/sheet.ts";
import { incomingPdf } from "../files/pdf.ts";
import { createChance } from "../random.ts";
import type { DemoThread } from "./demoThread.ts";

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

export const russianThreads: readonly DemoThread[] = [
  {
    key: "nevastan-rates",
    locale: "ru",
    subject: "Договор {contractRu}: ставки на следующий квартал",
    mails: [
      {
        from: "lunin",
        to: ["ivan"],
        cc: ["sales"],
        daysAgo: 6,
        at: [10, 12],
        text: [
          "Иван, добрый день!",
          "Готовим план отгрузок на следующий квартал: примерно 18 машин в месяц, из них четыре негабарита. Пришлите, пожалуйста, ставки с учётом объёма — в прошлый раз вы обещали пересмотреть направление на Екатеринбург.",
          "С уважением,\nАркадий Лунин\nООО «Невский станкостроитель»",
        ],
        marks: { ivan: { answered: true, folder: "nevastan" }, sales: { assignee: "ivan" } },
      },
      {
        from: "ivan",
        to: ["anna"],
        daysAgo: 6,
        at: [10, 40],
        text: [
          "Анна Сергеевна, Невский станкостроитель просит новые ставки под 18 машин в месяц. Предлагаю дать 4 % на Екатеринбург и оставить Самару как есть. Негабарит — по отдельному расчёту с Ольгой.",
          "Согласны?",
        ],
        marks: { anna: { answered: true } },
      },
      {
        from: "anna",
        to: ["ivan"],
        daysAgo: 6,
        at: [11, 25],
        text: [
          "Согласна на 4 %, но только при подписании допсоглашения до конца месяца. По негабариту обязательно получите от Ольги расчёт до отправки клиенту.",
          "Анна",
        ],
        marks: { ivan: { flagged: true, folder: "nevastan" } },
      },
      {
        from: "ivan",
        to: ["lunin"],
        cc: ["sales", "anna"],
        daysAgo: 5,
        at: [9, 30],
        text: [
          "Аркадий Петрович, добрый день!",
          "Во вложении ставки на квартал. По Екатеринбургу снизили на 4 % при подписании дополнительного соглашения до конца месяца; условия по Самаре прежние. Расчёт по негабариту пришлю отдельно.",
          "С уважением,\nИван Смирнов\nАврора Логистик",
        ],
        attach: [
          {
            name: "Ставки на квартал.xlsx",
            mime: XLSX,
            bytes: ({ contracts }) => {
              const contract = contracts.find(({ locale }) => locale === "ru");
              if (!contract) throw new Error("the demo company has no Russian contract");
              return priceAnnex(contract, createChance(41));
            },
          },
        ],
      },
      {
        from: "lunin",
        to: ["ivan"],
        daysAgo: 1,
        at: [16, 5],
        text: [
          "Спасибо, условия устраивают. Юристы посмотрели проект допсоглашения, замечаний нет. Когда сможете прислать подписанный экземпляр?",
          "А. Лунин",
        ],
        marks: { ivan: { unread: true, folder: "nevastan" } },
      },
    ],
  },
  {
    key: "oversize",
    locale: "ru",
    subject: "Негабарит до Екатеринбурга, расчёт",
    mails: [
      {
        from: "ivan",
        to: ["olga"],
        daysAgo: 5,
        at: [9, 50],
        text: [
          "Ольга, нужен расчёт на четыре негабаритных места в месяц Колпино — Екатеринбург: 6,2 × 3,1 × 3,4 м, 21 тонна. Разрешения оформляем мы.",
        ],
        marks: { olga: { answered: true } },
      },
      {
        from: "olga",
        to: ["ivan"],
        cc: ["roman"],
        daysAgo: 4,
        at: [14, 20],
        text: [
          "Иван, на такую высоту — объезд через Тихвин, +180 км. Предварительно 412 тысяч за рейс с сопровождением. Схему маршрута прикладываю, Роман уточнит по разрешениям.",
        ],
        attach: [
          {
            name: "Схема объезда.png",
            mime: "image/png",
            bytes: () => routeMap(["Колпино", "Тихвин", "Вологда", "Екатеринбург"], "Объезд, негабарит"),
          },
        ],
        marks: { ivan: { flagged: true } },
      },
      {
        from: "roman",
        to: ["olga", "ivan"],
        daysAgo: 3,
        at: [9, 15],
        text: [
          "По разрешениям: федеральное — 10 рабочих дней, Вологодская область — 5. Подавать лучше сразу на квартал, выйдет дешевле.",
        ],
        marks: { ivan: { unread: true }, olga: { unread: true } },
      },
    ],
  },
  {
    key: "customs-request",
    locale: "ru",
    subject: "Запрос сведений о перевозках за год",
    mails: [
      {
        from: "customs",
        to: ["office"],
        daysAgo: 8,
        at: [11, 0],
        text: [
          "Просим представить сведения о выполненных международных перевозках за прошедший год по прилагаемой форме в срок до конца месяца.",
          "Отдел писем",
        ],
        attach: [
          {
            name: "Запрос.pdf",
            mime: "application/pdf",
            bytes: ({ incoming }) => {
              const letter = incoming.find(({ locale }) => locale === "ru");
              if (!letter) throw new Error("the demo company has no Russian letter");
              return incomingPdf(letter, {
                number: "",
                date: letter.record.createdAt.slice(0, 10),
                theirNumber: "17-04/2281",
              });
            },
          },
        ],
        marks: { office: { answered: true, assignee: "polina", labels: ["Срок"] } },
      },
      {
        from: "office",
        by: "polina",
        to: ["natalia"],
        cc: ["ksenia"],
        daysAgo: 8,
        at: [12, 10],
        text: [
          "Наталья Викторовна, таможенный пост просит сведения за год. Письмо зарегистрировано, срок — конец месяца. Подготовьте, пожалуйста, таблицу, отправим официальным ответом.",
          "Полина Жукова, канцелярия",
        ],
        marks: { natalia: { answered: true }, ksenia: { labels: ["Срок"] } },
      },
      {
        from: "natalia",
        to: ["office"],
        cc: ["ksenia"],
        daysAgo: 2,
        at: [15, 45],
        text: ["Таблицу собирает Ксения, в пятницу будет у вас. По трём декларациям ждём ответа от Hanseport."],
        marks: { office: { unread: true, assignee: "polina" } },
      },
    ],
  },
  {
    key: "packaging-claim",
    locale: "ru",
    subject: "Претензия по упаковке, партия от прошлой недели",
    mails: [
      {
        from: "alexey",
        to: ["yulia"],
        cc: ["andrey"],
        daysAgo: 9,
        at: [8, 40],
        text: [
          "Юлия, «Полюс Упаковка» опять прислали плёнку 17 мкм вместо 23. Три паллеты на складе рвутся. Нужна замена или скидка, пользоваться этим нельзя.",
          "Алексей",
        ],
        marks: { yulia: { answered: true, flagged: true } },
      },
      {
        from: "yulia",
        to: ["ruchkin"],
        cc: ["alexey"],
        daysAgo: 9,
        at: [10, 5],
        text: [
          "Степан Ильич, добрый день!",
          "В последней поставке толщина плёнки не соответствует заказу: 17 мкм вместо 23 мкм, три паллеты. Просим заменить партию до пятницы либо подтвердить снижение цены на 30 %.",
          "С уважением,\nЮлия Крылова\nотдел закупок",
        ],
      },
      {
        from: "ruchkin",
        to: ["yulia"],
        daysAgo: 7,
        at: [13, 30],
        text: [
          "Юлия, приносим извинения, ошибка комплектации. Замену отгрузим в четверг, возврат заберём той же машиной. С. Ручкин",
        ],
        marks: { yulia: { answered: true } },
      },
      {
        from: "yulia",
        to: ["alexey", "timur"],
        daysAgo: 7,
        at: [13, 50],
        text: ["Замена в четверг, примите и сразу отдайте три паллеты обратно. Тимур, акт подготовлю."],
        marks: { timur: { unread: true } },
      },
    ],
  },
  {
    key: "vacations",
    locale: "ru",
    subject: "График отпусков: проверьте свои даты",
    mails: [
      {
        from: "vera",
        to: ["anna", "olga", "natalia", "alexey", "mikhail"],
        cc: ["irina"],
        daysAgo: 12,
        at: [9, 0],
        text: [
          "Коллеги, добрый день!",
          "Проверьте, пожалуйста, даты отпусков своих отделов до среды. Изменения присылайте ответным письмом — после утверждения график меняется только по заявлению.",
          "Вера Ковалёва, отдел кадров",
        ],
        marks: { anna: { answered: true }, mikhail: { unread: true } },
      },
      {
        from: "anna",
        to: ["vera"],
        daysAgo: 11,
        at: [17, 35],
        text: ["Вера, у нас одно изменение: Павел просит перенести две недели с июля на август. Остальное верно."],
      },
      {
        from: "olga",
        to: ["vera"],
        daysAgo: 11,
        at: [18, 2],
        text: ["По транспорту всё верно, спасибо."],
      },
    ],
  },
  {
    key: "budget",
    locale: "ru",
    subject: "Бюджет на следующий квартал",
    mails: [
      {
        from: "tatiana",
        to: ["elena"],
        cc: ["markus"],
        daysAgo: 4,
        at: [18, 30],
        text: [
          "Елена Павловна,",
          "направляю первый вариант бюджета. Основное отличие от прошлого квартала — рост аренды склада и страхования. По выручке взяла осторожный прогноз: без учёта нового контракта с Fjordfisk.",
          "Готова обсудить в четверг.",
        ],
        marks: { elena: { flagged: true, answered: true } },
      },
      {
        from: "elena",
        to: ["tatiana"],
        daysAgo: 3,
        at: [8, 55],
        text: [
          "Татьяна, спасибо. Давайте в четверг в 11:00. Покажите, пожалуйста, отдельно сценарий с Fjordfisk — решение по нему ожидаем на этой неделе.",
        ],
        marks: { tatiana: { labels: ["Срочно"] } },
      },
    ],
  },
  {
    key: "invoice-question",
    locale: "ru",
    subject: "Вопрос по счёту {invoiceRu}",
    mails: [
      {
        from: "meteleva",
        to: ["maria"],
        daysAgo: 3,
        at: [12, 15],
        text: [
          "Мария, здравствуйте!",
          "В счёте две строки за простой на выгрузке, в акте — одна. Прошу проверить: водитель отметился в 9:40, разгрузка началась в 11:10.",
          "З. Метелева, АО «Урал Реагент»",
        ],
        marks: { maria: { answered: true } },
      },
      {
        from: "maria",
        to: ["ekaterina"],
        cc: ["artyom"],
        daysAgo: 3,
        at: [12, 40],
        text: [
          "Катя, посмотри, пожалуйста, счёт: Урал Реагент спорит со второй строкой простоя. Артём, пришли отметки водителя.",
        ],
        marks: { ekaterina: { unread: true }, artyom: { answered: true } },
      },
      {
        from: "artyom",
        to: ["maria", "ekaterina"],
        daysAgo: 2,
        at: [9, 20],
        text: ["Отметки: прибытие 9:40, ворота 11:10, убытие 13:05. Одна строка, вторая — ошибка при вводе."],
        marks: { maria: { unread: true }, ekaterina: { unread: true } },
      },
    ],
  },
  {
    key: "welcome",
    locale: "ru",
    subject: "Новая почта: коротко о главном",
    mails: [
      {
        from: "anton",
        to: ["ivan", "maria", "pavel", "anna", "galina", "irina", "lyudmila", "mikhail", "elena"],
        daysAgo: 20,
        at: [10, 0],
        text: [
          "Коллеги!",
          "Почта теперь живёт в Kontor: письма читаются, ищутся и пишутся без сети, а уходят, когда сеть появится. Общие ящики — office@ и sales@, у каждого есть ответственный за письмо.",
          "Письмо можно связать с договором или счётом: достаточно номера в теме или кнопки «Связать».",
          "Антон Киселёв, ИТ",
        ],
      },
    ],
  },
  {
    key: "draft-review",
    locale: "ru",
    subject: "Проект договора на согласование",
    mails: [
      {
        from: "pavel",
        to: ["daria"],
        cc: ["anna"],
        daysAgo: 1,
        at: [11, 45],
        text: [
          "Дарья, посмотрите, пожалуйста, пункт 5.3: клиент хочет ограничить ответственность стоимостью одной перевозки. Мы на такое раньше соглашались?",
        ],
        marks: { daria: { unread: true }, anna: { unread: true } },
      },
    ],
  },
  {
    key: "flax",
    locale: "ru",
    subject: "Лён: окно под погрузку",
    mails: [
      {
        from: "ryabova",
        to: ["sales"],
        daysAgo: 0,
        at: [8, 25],
        text: [
          "Добрый день! Готовы грузить 14 тонн в четверг с утра, склад в Вологде. Подтвердите машину и госномер. Рябова А. М.",
        ],
        marks: { sales: { unread: true } },
      },
    ],
  },
  {
    key: "terminal-slots",
    locale: "ru",
    subject: "Слоты терминала на следующую неделю",
    mails: [
      {
        from: "panin",
        to: ["roman", "artyom"],
        daysAgo: 2,
        at: [16, 10],
        text: [
          "Коллеги, на следующую неделю свободны слоты: вт 6:00–10:00, ср 14:00–20:00, пт 6:00–9:00. Бронь держим до понедельника 12:00. Игорь Панин, Балттерминал",
        ],
        marks: { roman: { answered: true }, artyom: { unread: true } },
      },
      {
        from: "roman",
        to: ["panin"],
        cc: ["artyom"],
        daysAgo: 2,
        at: [16, 45],
        text: [
          "Игорь, берём среду 14:00–18:00 под шесть контейнеров и пятницу 6:00 под два. Номера пришлём в понедельник утром.",
        ],
      },
    ],
  },
];

import { invoicePdf } from "../files/pdf.ts";
import { routeMap } from "../files/picture.ts";
import type { DemoThread } from "./demoThread.ts";

export const englishThreads: readonly DemoThread[] = [
  {
    key: "fjordfisk-quote",
    locale: "en",
    subject: "Request for quotation: 18 reefer trailers a month",
    mails: [
      {
        from: "solheim",
        to: ["sales"],
        daysAgo: 7,
        at: [9, 40],
        text: [
          "Dear sales team,",
          "We are looking for a partner for eighteen temperature-controlled trailers a month from Bergen to Gdańsk and Hamburg, starting next quarter. Temperature +2 °C, loading Mondays and Thursdays.",
          "Could you quote by the end of next week?",
          "Kind regards,\nIngrid Solheim\nFjordfisk Eksport AS",
        ],
        marks: { sales: { answered: true, assignee: "james", flagged: true, labels: ["Key account"] } },
      },
      {
        from: "james",
        to: ["sophie", "henrik"],
        daysAgo: 7,
        at: [10, 30],
        text: [
          "Sophie, Henrik — this is the one we have been waiting for. Henrik, can we secure eighteen reefers from our own fleet and Nordkai together? I would like to answer within three days.",
          "James",
        ],
        marks: { sophie: { answered: true } },
      },
      {
        from: "henrik",
        to: ["james", "sophie"],
        daysAgo: 6,
        at: [15, 15],
        text: [
          "Twelve from us, six from Nordkai, confirmed by phone. Ferry Bergen–Hirtshals is the bottleneck on Thursdays; I have asked for a block booking.",
          "Route attached.\nHenrik",
        ],
        attach: [
          {
            name: "Route Bergen - Gdansk.png",
            mime: "image/png",
            bytes: () => routeMap(["Bergen", "Hirtshals", "Hamburg", "Gdańsk"], "Reefer route, option A"),
          },
        ],
      },
      {
        from: "sales",
        by: "james",
        to: ["solheim"],
        cc: ["sophie"],
        daysAgo: 4,
        at: [11, 0],
        text: [
          "Dear Ingrid,",
          "Thank you for your request. We can offer eighteen trailers a month on both lanes, with temperature records for every trip. Our rates are valid for six months; details in the table below the signature of our operations desk, which will follow tomorrow.",
          "Would Thursday at ten suit you for a short call?",
          "Best regards,\nJames Carter\nAurora Logistics",
        ],
      },
      {
        from: "solheim",
        to: ["sales"],
        daysAgo: 1,
        at: [13, 20],
        text: ["Thursday at ten is perfect. Please bring your claims statistics for the last year.", "Ingrid"],
        marks: { sales: { unread: true, assignee: "james" }, james: { unread: true } },
      },
    ],
  },
  {
    key: "damage-report",
    locale: "en",
    subject: "Damage report, container MSKU 724113",
    mails: [
      {
        from: "petersen",
        to: ["henrik"],
        cc: ["office"],
        daysAgo: 10,
        at: [7, 55],
        text: [
          "Good morning,",
          "On opening the container we found three cartons wet on the door side. The surveyor comes at noon; photographs will follow.",
          "Jürgen Petersen\nHanseport Terminal GmbH",
        ],
        marks: { henrik: { answered: true, flagged: true }, office: { assignee: "galina" } },
      },
      {
        from: "henrik",
        to: ["ashworth"],
        cc: ["emma"],
        daysAgo: 10,
        at: [9, 5],
        text: [
          "Dear Nigel,",
          "We notify a possible claim: MSKU 724113, three cartons wet, discovered today at Hanseport. The surveyor's report will be with you tomorrow.",
          "Henrik Larsen",
        ],
      },
      {
        from: "ashworth",
        to: ["henrik"],
        daysAgo: 9,
        at: [16, 40],
        text: [
          "Thank you, Henrik. Registered under SH-88213. Please keep the cartons and the seals until the surveyor has released them.",
          "Nigel Ashworth\nSafeHaul Insurance Brokers Ltd",
        ],
      },
    ],
  },
  {
    key: "brightwood-contract",
    locale: "en",
    subject: "Contract {contractEn}: two remarks from our side",
    mails: [
      {
        from: "doyle",
        to: ["james"],
        daysAgo: 5,
        at: [12, 30],
        text: [
          "Hi James,",
          "Our counsel has two remarks. Clause 7: we would like fourteen days instead of ten for claims. Clause 11: the annual indexation should be capped at three per cent.",
          "Everything else is fine with us.\nHarriet",
        ],
        marks: { james: { answered: true, flagged: true } },
      },
      {
        from: "james",
        to: ["clara"],
        cc: ["sophie"],
        daysAgo: 5,
        at: [14, 0],
        text: ["Clara, can we live with fourteen days and a cap of three per cent? Brightwood would sign this week."],
        marks: { clara: { answered: true } },
      },
      {
        from: "clara",
        to: ["james"],
        daysAgo: 4,
        at: [10, 10],
        text: [
          "Fourteen days is fine. On indexation: agree to three per cent a year, but only if fuel stays outside of the cap. I have put the wording into the draft.",
          "Clara Hoffmann, Legal",
        ],
        marks: { james: { unread: true } },
      },
    ],
  },
  {
    key: "statement",
    locale: "en",
    subject: "Statement of account, invoice {invoiceEn}",
    mails: [
      {
        from: "emma",
        to: ["vandermeer"],
        daysAgo: 6,
        at: [9, 25],
        text: [
          "Dear Joost,",
          "Please find our invoice attached once more; according to our books it is open since last month. Could you let us know when the payment was sent?",
          "Kind regards,\nEmma Fischer\nAccounting",
        ],
        attach: [
          {
            name: "Invoice.pdf",
            mime: "application/pdf",
            bytes: ({ invoices }) => {
              const invoice = invoices.find(({ contract }) => contract.locale === "en");
              if (!invoice) throw new Error("the demo company has no English invoice");
              return invoicePdf(invoice);
            },
          },
        ],
      },
      {
        from: "vandermeer",
        to: ["emma"],
        daysAgo: 5,
        at: [17, 10],
        text: [
          "Hello Emma, sorry for that, it went to the wrong cost centre. Paid today, you should see it tomorrow. Joost",
        ],
        marks: { emma: { labels: ["Paid"] } },
      },
    ],
  },
  {
    key: "forging",
    locale: "en",
    subject: "Loading in Ostrava on Friday",
    mails: [
      {
        from: "dvorak",
        to: ["katarzyna"],
        daysAgo: 0,
        at: [7, 45],
        text: [
          "Good morning, the crane is free on Friday from 6:00 to 11:00. Please send us plate numbers until Thursday noon. T. Dvořák, Kovárna Morava",
        ],
        marks: { katarzyna: { unread: true } },
      },
    ],
  },
  {
    key: "textiles",
    locale: "en",
    subject: "Sea freight Gemlik – Hamburg, two containers",
    mails: [
      {
        from: "kaya",
        to: ["sales"],
        daysAgo: 3,
        at: [10, 20],
        text: [
          "Dear Sir or Madam, we need two 40' containers from Gemlik to Hamburg at the end of the month, cotton fabric, 21 tonnes each. Please quote CIF. Elif Kaya, Anatolia Tekstil",
        ],
        marks: { sales: { assignee: "luca", answered: true } },
      },
      {
        from: "sales",
        by: "luca",
        to: ["kaya"],
        daysAgo: 3,
        at: [15, 30],
        text: [
          "Dear Ms Kaya, thank you for your request. Our offer will be with you tomorrow before noon. Best regards, Luca Ferrari",
        ],
      },
    ],
  },
  {
    key: "licences",
    locale: "en",
    subject: "Licences: renewal next month",
    mails: [
      {
        from: "laine",
        to: ["rajesh"],
        cc: ["anton"],
        daysAgo: 14,
        at: [11, 15],
        text: [
          "Hi Rajesh, your 45 seats renew on the first. Shall we keep the number? With 50 the price per seat drops by eight per cent. Mikko",
        ],
        marks: { rajesh: { answered: true } },
      },
      {
        from: "rajesh",
        to: ["anton"],
        daysAgo: 14,
        at: [11, 40],
        text: [
          "Anton, fifty seats would cost about the same as forty-five. I would take fifty; we hire four people in spring anyway.",
        ],
        marks: { anton: { answered: true } },
      },
      {
        from: "anton",
        to: ["rajesh"],
        daysAgo: 13,
        at: [9, 5],
        text: ["Agreed, take fifty. Please put the contract into the system before you confirm."],
      },
    ],
  },
  {
    key: "board",
    locale: "en",
    subject: "Hamburg office: lease and headcount",
    mails: [
      {
        from: "markus",
        to: ["elena", "tatiana"],
        daysAgo: 2,
        at: [19, 10],
        text: [
          "Elena, Tatiana,",
          "The landlord offers three years at the present rent if we sign before the end of the quarter. With Fjordfisk we would need two more desks; there is room for six.",
          "I would like to decide on Thursday.\nMarkus",
        ],
        marks: { elena: { unread: true }, tatiana: { unread: true } },
      },
    ],
  },
];

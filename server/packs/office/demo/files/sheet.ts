import writeXlsxFile, { type Row } from "write-excel-file/node";
import type { DemoContract } from "../contracts.ts";
import type { Chance } from "../random.ts";

/** A price annex: quantities, prices and formulas that a spreadsheet recalculates. */
export function priceAnnex(contract: DemoContract, chance: Chance): Promise<Buffer> {
  const ru = contract.locale === "ru";
  const items = ru
    ? [
        "Подача автомобиля",
        "Погрузка, час",
        "Перевозка, рейс",
        "Простой, час",
        "Экспедиторское сопровождение",
        "Хранение, паллето-место",
        "Оформление документов, комплект",
      ]
    : [
        "Vehicle at the door",
        "Loading, hour",
        "Transport, trip",
        "Waiting, hour",
        "Escort",
        "Storage, pallet space",
        "Documents, set",
      ];
  const bold = { fontWeight: "bold", backgroundColor: "#EAF0F6" } as const;
  const titles = ru
    ? ["№", "Наименование", "Количество", "Цена", "Сумма"]
    : ["No.", "Item", "Quantity", "Price", "Sum"];
  const rows = items.map((item, index): Row => {
    const quantity = chance.whole(1, 40);
    const price = chance.whole(4, 90) * (contract.currency === "RUB" ? 100 : 5);
    const line = index + 4;
    return [
      { value: index + 1, type: Number },
      { value: item, type: String },
      { value: quantity, type: Number },
      { value: price, type: Number, format: "#,##0.00" },
      { value: `=C${line}*D${line}`, type: "Formula", format: "#,##0.00" },
    ];
  });
  const last = items.length + 3;
  const data: Row[] = [
    [
      {
        value: ru ? `Приложение № 1. ${contract.subject}` : `Annex 1. ${contract.subject}`,
        type: String,
        fontWeight: "bold",
      },
    ],
    [{ value: contract.counterparty.name, type: String }],
    titles.map((value) => ({ value, type: String, ...bold })),
    ...rows,
    [
      null,
      { value: ru ? "Итого" : "Total", type: String, ...bold },
      null,
      null,
      { value: `=SUM(E4:E${last})`, type: "Formula", format: "#,##0.00", ...bold },
    ],
  ];
  const sheet = ru ? "Цены" : "Prices";
  return writeXlsxFile(data, {
    sheet,
    orientation: "landscape",
    columns: [{ width: 6 }, { width: 44 }, { width: 12 }, { width: 14 }, { width: 16 }],
  }).toBuffer();
}

import type { Label } from "../base/index.ts";

/** What the interface says for each reason; `{limit}` is the problem's limit. */
export const fieldReasonWords = {
  "field.required": { en: "Fill this in.", ru: "Заполните это поле." },
  "field.unknown": { en: "This type has no such field.", ru: "У этого типа нет такого поля." },
  "field.readOnly": { en: "This field cannot be edited.", ru: "Это поле нельзя изменить." },
  "field.forbidden": { en: "You may not change this field.", ru: "У вас нет права менять это поле." },
  "field.files": { en: "Files are attached, not written.", ru: "Файлы прикрепляют, а не вписывают." },
  "field.notText": { en: "This must be text.", ru: "Здесь должен быть текст." },
  "field.character": {
    en: "The text contains a character that cannot be stored.",
    ru: "В тексте есть символ, который нельзя сохранить.",
  },
  "field.tooLong": { en: "At most {limit} characters.", ru: "Не больше {limit} знаков." },
  "field.tooShort": { en: "At least {limit} characters.", ru: "Не меньше {limit} знаков." },
  "field.notEmail": { en: "This is not an e-mail address.", ru: "Это не адрес электронной почты." },
  "field.notPhone": { en: "This is not a telephone number.", ru: "Это не номер телефона." },
  "field.notUrl": { en: "This is not a web address (https://…).", ru: "Это не адрес сайта (https://…)." },
  "field.notTaxId": {
    en: "This is not a tax number: 8 to 15 digits, with the country's letters if it has them.",
    ru: "Это не налоговый номер: от 8 до 15 цифр, при необходимости с буквами страны.",
  },
  "field.notIban": { en: "This is not a valid IBAN.", ru: "Это неверный IBAN." },
  "field.notNumber": { en: "This must be a number.", ru: "Здесь должно быть число." },
  "field.notMoney": { en: "This must be an amount of money.", ru: "Здесь должна быть денежная сумма." },
  "field.currency": { en: "Only these currencies: {limit}.", ru: "Только эти валюты: {limit}." },
  "field.tooSmall": { en: "Not less than {limit}.", ru: "Не меньше {limit}." },
  "field.tooLarge": { en: "Not more than {limit}.", ru: "Не больше {limit}." },
  "field.tooManyDecimals": { en: "Not more than {limit} decimals.", ru: "Не больше {limit} знаков после запятой." },
  "field.notDate": { en: "This is not a date.", ru: "Это не дата." },
  "field.notDateTime": { en: "This is not a date and time.", ru: "Это не дата и время." },
  "field.tooEarly": { en: "Not before {limit}.", ru: "Не раньше {limit}." },
  "field.tooLate": { en: "Not after {limit}.", ru: "Не позже {limit}." },
  "field.notBoolean": { en: "This must be yes or no.", ru: "Здесь должно быть «да» или «нет»." },
  "field.notOption": { en: "Choose one of the options.", ru: "Выберите один из вариантов." },
  "field.notList": { en: "This must be a list.", ru: "Здесь должен быть список." },
  "field.tooMany": { en: "At most {limit}.", ru: "Не больше {limit}." },
  "field.notId": { en: "This does not name anything.", ru: "Здесь ничего не выбрано." },
  "field.noPerson": { en: "There is no such person.", ru: "Такого сотрудника нет." },
  "field.noDepartment": { en: "There is no such department.", ru: "Такого подразделения нет." },
  "field.noRecord": {
    en: "There is no such record, or you cannot see it.",
    ru: "Такой записи нет, или она вам не видна.",
  },
  "field.taken": { en: "This value is already used by another record.", ru: "Это значение уже занято другой записью." },
  "field.check": { en: "The values of two fields do not go together.", ru: "Значения двух полей не согласуются." },
} as const satisfies Record<string, Label>;

export type FieldReason = keyof typeof fieldReasonWords;

/** What the interface says when an intent as a whole is refused. */
export const recordReasonWords = {
  "record.notFound": {
    en: "There is no such record, or you may not see it.",
    ru: "Такой записи нет, или она вам не видна.",
  },
  "record.noType": { en: "There is no such type.", ru: "Такого типа нет." },
  "record.invalid": { en: "Some fields need another look.", ru: "Некоторые поля нужно исправить." },
  "record.create.forbidden": { en: "You may not create this here.", ru: "У вас нет права создать это здесь." },
  "record.edit.forbidden": { en: "You may not change these fields.", ru: "У вас нет права менять эти поля." },
  "record.delete.forbidden": { en: "You may not delete this.", ru: "У вас нет права удалить это." },
  "record.restore.forbidden": { en: "You may not restore this.", ru: "У вас нет права восстановить это." },
  "record.transition.forbidden": { en: "You may not take this step.", ru: "У вас нет права на этот шаг." },
  "record.transition.unknown": { en: "This type has no such step.", ru: "У этого типа нет такого шага." },
  "record.transition.state": {
    en: "This step is not possible any more: the state has changed meanwhile.",
    ru: "Этот шаг больше невозможен: состояние тем временем изменилось.",
  },
  "record.transition.incomplete": {
    en: "Fill in what this step needs first.",
    ru: "Сначала заполните то, что нужно для этого шага.",
  },
  "record.deleted": { en: "This was deleted. Restore it first.", ru: "Запись удалена. Сначала восстановите её." },
  "record.exists": { en: "This was already created.", ru: "Эта запись уже создана." },
  "record.noConflict": { en: "This disagreement has been settled already.", ru: "Это разногласие уже улажено." },
  "record.changed": {
    en: "This was changed meanwhile. Load it again.",
    ru: "Запись тем временем изменилась. Загрузите её снова.",
  },
  "record.taken": {
    en: "A value that must be unique is already used.",
    ru: "Значение, которое должно быть единственным, уже занято.",
  },
} as const satisfies Record<string, Label>;

export type RecordReason = keyof typeof recordReasonWords;

export const messageFor = (reason: FieldReason, limit?: number | string): string =>
  fieldReasonWords[reason].en.replace("{limit}", String(limit ?? ""));

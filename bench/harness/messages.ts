/** Messages as an office writes them: Russian words by Zipf's law, about 0.45 kB each as JSON. The same on every run. */
import type { RxJsonSchema } from "rxdb";
import { randomFrom, shuffled } from "./random.ts";

export type Message = {
  id: string;
  chatId: string;
  authorId: string;
  createdAt: number;
  kind: string;
  edited: boolean;
  text: string;
  seq: number;
};

export const CHATS = 200;
const FIRST_AT = 1_700_000_000_000;
const WORDS_PER_MESSAGE = 17;

export const messageSchema: RxJsonSchema<Message> = {
  version: 0,
  primaryKey: "id",
  type: "object",
  properties: {
    id: { type: "string", maxLength: 32 },
    chatId: { type: "string", maxLength: 32 },
    authorId: { type: "string", maxLength: 32 },
    createdAt: { type: "integer", minimum: 0, maximum: 9_999_999_999_999, multipleOf: 1 },
    kind: { type: "string", maxLength: 12 },
    edited: { type: "boolean" },
    text: { type: "string" },
    seq: { type: "integer", minimum: 0, maximum: 999_999_999, multipleOf: 1 },
  },
  required: ["id", "chatId", "createdAt"],
  indexes: [["chatId", "createdAt"]],
};

const STEMS =
  "работ дом книг стол город врем дорог письм слов человек машин окн рук глаз голос ден ноч вод земл друг жизн лиц вопрос ответ дел мест сил стран мир час компани проект договор отчет встреч клиент задач счет документ файл сообщени команд план бюджет поставк склад заказ товар цен скидк".split(
    " ",
  );
const PREFIXES = ["", "по", "за", "при", "пере", "от", "вы", "на", "об", "под", "раз", "про", "до", "с", "у"];
const SUFFIXES = "а у ы ой е ам ами ах ов ный ная ного ить ил ила ение ения ский ка ки".split(" ");

const vocabulary = shuffled(
  PREFIXES.flatMap((prefix) => STEMS.flatMap((stem) => SUFFIXES.map((suffix) => prefix + stem + suffix))),
  randomFrom(12_345),
);

/** Message number `index`; its own generator, so that any range can be made anywhere. */
function messageAt(index: number): Message {
  const random = randomFrom(index + 1);
  return {
    id: `m${String(index).padStart(11, "0")}`,
    chatId: `c${index % CHATS}`,
    authorId: `u${(index * 7) % 50}`,
    createdAt: FIRST_AT + index * 1000,
    kind: index % 10 === 0 ? "file" : "text",
    edited: index % 33 === 0,
    text: Array.from({ length: WORDS_PER_MESSAGE }, () => wordBy(random())).join(" "),
    seq: index,
  };
}

export const messagesFrom = (from: number, count: number): Message[] =>
  Array.from({ length: count }, (_, at) => messageAt(from + at));

export const createdAtOf = (index: number): number => FIRST_AT + index * 1000;

/** Rank 0 is the most frequent word. */
export const wordOfRank = (rank: number): string => vocabulary[rank] ?? "";

const wordBy = (chance: number): string =>
  wordOfRank(Math.min(vocabulary.length - 1, Math.floor(Math.exp(chance * Math.log(vocabulary.length))) - 1));

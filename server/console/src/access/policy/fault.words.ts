import type { Locale } from "../../words/words.ts";
import type { PolicyFault } from "../access.api.ts";

/**
 * The check's faults come as English words with names and values in them, since a terminal and a log show them too.
 * Here they become Russian ones. `fault.words.test.ts` asks the engine for its faults, and fails where one has no line
 * here; a fault that is new to this console is shown as the server said it.
 */
const wanted: Readonly<Record<string, string>> = {
  "a text": "текстом",
  "a date such as 2026-11-21": "датой, например 2026-11-21",
  "a moment with time zone such as 2026-11-21T09:00:00Z": "моментом с часовым поясом, например 2026-11-21T09:00:00Z",
  "a number": "числом",
  "true or false": "true или false",
  'an amount such as { "amount": "1000.00", "currency": "EUR" }':
    'суммой, например { "amount": "1000.00", "currency": "EUR" }',
  "a list": "списком",
  "one value and not a list": "одним значением, а не списком",
};
const kinds: Readonly<Record<string, string>> = {
  text: "текст",
  texts: "список текстов",
  id: "идентификатор",
  ids: "список идентификаторов",
  number: "число",
  boolean: "да или нет",
  date: "дата",
  dateTime: "момент",
  money: "сумма",
};
const wantedIn = (words = ""): string => wanted[words] ?? words;
const kindIn = (word = ""): string => kinds[word] ?? word;
type Part = string | undefined;

const lines: readonly (readonly [RegExp, (...parts: Part[]) => string])[] = [
  [/^has more than (\d+) (conditions); split the policy$/, (n) => `содержит больше ${n} условий; разделите правило`],
  [/^is nested more than (\d+) deep$/, (n) => `вложено глубже ${n} уровней`],
  [/^must be an object such as (.+)$/, (example) => `должно быть объектом, например ${example}`],
  [
    /^must have exactly one operator, and has (\d+); combine several with "and"$/,
    (n) => `должен быть ровно один оператор, а их ${n}; объедините через "and"`,
  ],
  [/^has the unknown operator (".+?"); known: (.+)$/, (op, known) => `неизвестный оператор ${op}; известны: ${known}`],
  [/^must be a list of conditions$/, () => "должно быть списком условий"],
  [/^takes a value, the lowest and the highest$/, () => "принимает значение, наименьшее и наибольшее"],
  [/^takes an attribute such as (.+)$/, (example) => `принимает атрибут, например ${example}`],
  [/^takes a list of two operands$/, () => "принимает список из двух операндов"],
  [
    /^must be an attribute that is a date or a moment, such as (.+)$/,
    (example) => `должно быть атрибутом — датой или моментом, например ${example}`,
  ],
  [/^must be an attribute such as (.+)$/, (example) => `должно быть атрибутом, например ${example}`],
  [
    /^must be an attribute, a text, a number, true or false, an amount with currency, or a list$/,
    () => "должно быть атрибутом, текстом, числом, true или false, суммой с валютой или списком",
  ],
  [
    /^must be (.+), and ([\w.]+) is (\w+)$/,
    (what, name, kind) => `должно быть ${wantedIn(what)}, а ${name} — ${kindIn(kind)}`,
  ],
  [/^must be (.+) for (".+")$/, (what, op) => `для ${op} должно быть ${wantedIn(what)}`],
  [
    /^(".+") asks about the time of the question; use (".+")$/,
    (op, example) => `${op} спрашивает о времени запроса; используйте ${example}`,
  ],
  [
    /^(".+") compares dates or moments, and this is (\w+)$/,
    (op, kind) => `${op} сравнивает даты и моменты, а здесь ${kindIn(kind)}`,
  ],
  [/^(".+") compares texts, and this is (\w+)$/, (op, kind) => `${op} сравнивает тексты, а здесь ${kindIn(kind)}`],
  [/^(".+") has no meaning for yes and no$/, (op) => `${op} не имеет смысла для «да» и «нет»`],
  [
    /^(".+") has no meaning for (\w+); use "or" with "eq"$/,
    (op, kind) => `${op} не имеет смысла (${kindIn(kind)}); используйте "or" с "eq"`,
  ],
  [
    /^compares now with now; the other side must be an attribute$/,
    () => "сравнивает «сейчас» с «сейчас»; с другой стороны нужен атрибут",
  ],
  [
    /^compares two literals; one side must be an attribute$/,
    () => "сравнивает два значения; с одной стороны нужен атрибут",
  ],
  [
    /^compares ([\w.]+) \((\w+)\) with ([\w.]+) \((\w+)\)$/,
    (a, kindA, b, kindB) => `сравнивает ${a} (${kindIn(kindA)}) с ${b} (${kindIn(kindB)})`,
  ],
  [
    /^is null, with which every comparison is unknown; use (.+)$/,
    (use) => `null, сравнение с которым всегда неизвестно; используйте ${use}`,
  ],
  [/^has more than (\d+) (elements|ranges|patterns|policies)$/, (n) => `содержит больше ${n}`],
  [/^names ([\w.]+), and (.+) has only: (.*)$/, (name, _whose, known) => `указан ${name}, а есть только: ${known}`],
  [
    /^names ([\w.]+), and (obj\.[\w.]+) is a list: only a relation to one record can be followed$/,
    (name, head) => `указан ${name}, но ${head} — список: можно следовать только связи с одной записью`,
  ],
  [
    /^names ([\w.]+), and (obj\.[\w.]+) is no relation to a record$/,
    (name, head) => `указан ${name}, но ${head} — не связь с записью`,
  ],
  [
    /^names ([\w.]+), and what a condition asks for is one relation away at most$/,
    (name) => `указан ${name}, а условие может спрашивать не дальше одной связи`,
  ],
  [/^must be a list of policies$/, () => "должно быть списком правил"],
  [/^(".+") is already the id of another policy$/, (id) => `${id} — уже идентификатор другого правила`],
  [
    /^is already the id of a policy that is part of every set and cannot be changed$/,
    () => "такой идентификатор у встроенного правила, которое нельзя изменить",
  ],
  [/^is the unknown type (".*"); known: (.+)$/, (type, known) => `неизвестный тип ${type}; известны: ${known}`],
  [
    /^has no meaning in a deny; name the sections that it takes away$/,
    () => "не имеет смысла в запрете; назовите разделы, которые он закрывает",
  ],
  [/^must name a type, and (".*") is none$/, (type) => `должно называть тип, а ${type} — не тип`],
  [
    /^is the unknown action (".*"); known: (.+)$/,
    (action, known) => `неизвестное действие ${action}; известны: ${known}`,
  ],
  [
    /^is the unknown section (".*"); (.+) has: (.+)$/,
    (section, _type, known) => `неизвестный раздел ${section}; есть: ${known}`,
  ],
  [/^must be "section\.field"; .+?: (.+)$/, (known) => `должно быть "раздел.поле"; есть: ${known}`],
  [
    /^has the unknown (".*?"); it must be such as (.+)$/,
    (name, example) => `содержит неизвестное ${name}; должно быть как ${example}`,
  ],
  [/^has the unknown (".*?"); known: (.+)$/, (name, known) => `содержит неизвестное ${name}; известны: ${known}`],
  [/^must be such as (.+)$/, (example) => `должно быть как ${example}`],
  [/^names no IANA time zone such as (.+) as "zone"$/, (zone) => `в "zone" нет часового пояса IANA, например ${zone}`],
  [/^says neither "from" and "to" nor "days"$/, () => 'нет ни "from" и "to", ни "days"'],
  [
    /^has one of "from" and "to"; it needs both or none$/,
    () => 'есть только одно из "from" и "to"; нужны оба или ни одного',
  ],
  [/^has times other than .+$/, () => 'время вне "00:00" … "23:59" ("to" может быть "24:00")'],
  [/^begins when it ends; .+$/, () => 'начинается, когда кончается; целый день — "00:00" до "24:00"'],
  [/^has other days than: (.+)$/, (days) => `дни могут быть только: ${days}`],
  [
    /^must be a range such as .+$/,
    () => 'должно быть диапазоном, например "10.66.0.0/16" или "2001:db8::/32", либо их списком',
  ],
  [/^has bits beyond its prefix; the range is (.+)$/, (range) => `биты за пределами префикса; диапазон — ${range}`],
  [/^has patterns of more than (\d+) characters together$/, (n) => `образцы вместе длиннее ${n} знаков`],
  [
    /^must be a pattern such as .+$/,
    () => 'должно быть образцом, например "K-####-*" (* любой текст, ? один знак, # одна цифра), либо их списком',
  ],
  [/^is longer than (\d+) characters$/, (n) => `длиннее ${n} знаков`],
  [/^reads like a regular expression; .+$/, () => "похоже на регулярное выражение; образец знает только * ? и #"],
  [/^ends with a backslash .+$/, () => "кончается обратной косой чертой, за которой ничего нет; напишите две"],
  [/^has more than (\d+) times "\*"$/, (n) => `содержит "*" больше ${n} раз`],
  [/^is longer than a thousand years$/, () => "длиннее тысячи лет"],
  [/^has hours, and a date has none; use days$/, () => "содержит часы, а у даты их нет; используйте дни"],
  [
    /^has months or years, which have no fixed length; use days$/,
    () => "содержит месяцы или годы, у которых нет точной длины; используйте дни",
  ],
  [/^names a zone, which is for dates: .+$/, () => "назван часовой пояс, а он нужен датам: моменты везде одни и те же"],
  [/^must be a duration such as .+$/, () => 'должно быть длительностью, например "-P30D", "PT8H" или { "days": -30 }'],
  [/^must have whole numbers$/, () => "должно содержать целые числа"],
  [
    /^must be lowercase letters, digits and dashes$/,
    () => "должно состоять из строчных латинских букв, цифр и дефисов",
  ],
  [
    /^With these policies no active administrator could administer the server\.$/,
    () => "С такими правилами ни один действующий администратор не смог бы управлять сервером.",
  ],
  [
    /^Invalid input: expected (\w+), received (\w+)$/,
    (expected, received) => `ожидалось ${expected}, получено ${received}`,
  ],
  [/^Invalid input$/, () => "недопустимое значение"],
  [/^Invalid option: expected one of (.+)$/, (options) => `должно быть одним из: ${options}`],
  [/^Too small: .+$/, () => "слишком мало"],
  [/^Too big: .+$/, () => "слишком много"],
  [/^Unrecognized keys?: (.+)$/, (names) => `неизвестные части: ${names}`],
  [/^must be (.+)$/, (what) => `должно быть ${wantedIn(what)}`],
];

export function faultInWords(words: string, locale: Locale): string {
  if (locale === "en") return words;
  for (const [pattern, say] of lines) {
    const found = pattern.exec(words);
    if (found) return say(...found.slice(1));
  }
  return words;
}

export const faultsIn = <Fault extends PolicyFault>(faults: readonly Fault[], locale: Locale): readonly Fault[] =>
  faults.map((fault) => ({ ...fault, words: faultInWords(fault.words, locale) }));

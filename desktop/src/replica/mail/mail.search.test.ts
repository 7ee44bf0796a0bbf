import { expect, it } from "vitest";
import type { MailSearchAnswer, MailSuggestion } from "#contract";
import { newId } from "@kontor/shared/base";
import { attachment, body, folderId, MAILBOX, message, openMailDesk, type MailDesk } from "./testing/mailDesk.ts";

const at = (day: number) => new Date(Date.UTC(2026, 10, day, 9)).toISOString();

async function search(desk: MailDesk, text: string): Promise<readonly string[]> {
  const answer = (await desk.mail.commands["mail.search"]({
    text,
    skip: 0,
    limit: 50,
    offsetMinutes: 0,
  })) as MailSearchAnswer;
  return answer.rows.map(({ subject }) => subject);
}

async function officeOf() {
  const desk = await openMailDesk();
  const contracts = newId();
  desk.put("mailFolders", [{ id: contracts, mailboxId: MAILBOX, name: "Lab Contracts" }]);
  const terms = message({ subject: "Delivery terms", receivedAt: at(1), seen: true, labels: ["Urgent"] });
  const lift = message({
    subject: "Лифты",
    receivedAt: at(2),
    folderId: contracts,
    from: [{ address: "office@liftservice.example", name: "Лифтсервис" }],
    attachments: [attachment({ name: "Offer 4471.pdf" })],
    size: 9_000_000,
  });
  const plan = message({
    subject: "Vacation plan",
    receivedAt: at(3),
    flagged: true,
    to: [{ address: "pavel@aurora.example", name: "Павел Орлов" }],
    authenticity: { internal: true, warnings: [] },
  });
  const spam = message({ subject: "Delivery of money", receivedAt: at(4), folderId: folderId("junk") });
  desk.put("messages", [terms, lift, plan, spam]);
  desk.put("mailBodies", [
    body(terms.id, "We can confirm the delivery of all goods in January."),
    body(lift.id, "Договоры на обслуживание лифтов прилагаем."),
    body(plan.id, "Please confirm your vacations until Friday"),
  ]);
  await desk.mail.searcher.settled();
  return { desk, terms, lift, plan };
}

it("finds words of subject, people, text and attachments' names, in any form, the newest first", async () => {
  const { desk } = await officeOf();
  expect(await search(desk, "confirming")).toEqual(["Vacation plan", "Delivery terms"]);
  expect(await search(desk, "договор лифт")).toEqual(["Лифты"]);
  expect(await search(desk, "4471")).toEqual(["Лифты"]);
  expect(await search(desk, "орлов")).toEqual(["Vacation plan"]);
  expect(await search(desk, "olga@medtech.example vacation")).toEqual(["Vacation plan"]);
});

it("finds phrases word for word, beginnings while they are typed, and leaves out what must not be there", async () => {
  const { desk } = await officeOf();
  expect(await search(desk, '"delivery of all goods"')).toEqual(["Delivery terms"]);
  expect(await search(desk, '"deliveries of all goods"')).toEqual([]);
  expect(await search(desk, "vacat")).toEqual(["Vacation plan"]);
  expect(await search(desk, "confirm -vacation ")).toEqual(["Delivery terms"]);
  expect(await search(desk, "-vacation")).toEqual(["Лифты", "Delivery terms"]);
});

it.each([
  ["from:olga", ["Vacation plan", "Delivery terms"]],
  ["from:лифтсервис", ["Лифты"]],
  ["to:pavel", ["Vacation plan"]],
  ['to:"Павел Орлов"', ["Vacation plan"]],
  ["from:pavel", []],
  ["subject:confirm", []],
  ["subject:plan", ["Vacation plan"]],
  ["file:offer", ["Лифты"]],
  ["type:pdf", ["Лифты"]],
  ["-type:pdf is:unread", ["Vacation plan"]],
  ["has:attachment", ["Лифты"]],
  ["is:unread", ["Vacation plan", "Лифты"]],
  ["is:read", ["Delivery terms"]],
  ["is:flagged", ["Vacation plan"]],
  ["is:internal", ["Vacation plan"]],
  ["-is:internal", ["Лифты", "Delivery terms"]],
  ["label:urgent", ["Delivery terms"]],
  ['in:"lab contracts"', ["Лифты"]],
  ["in:inbox confirm", ["Vacation plan", "Delivery terms"]],
  ["delivery in:junk", ["Delivery of money"]],
  ["delivery", ["Delivery terms"]],
  ["before:2026-11-02", ["Delivery terms"]],
  ["after:2026-11-02 before:2026-11-03", ["Лифты"]],
  ["confirm after:2026-11-02", ["Vacation plan"]],
  ["confirm before:2026-11-02", ["Delivery terms"]],
  ["confirm -after:2026-11-02", ["Delivery terms"]],
  ["confirm -before:2026-11-02", ["Vacation plan"]],
  ["larger:5mb", ["Лифты"]],
  ["smaller:5mb", ["Vacation plan", "Delivery terms"]],
])("%s", async (typed, subjects) => {
  const { desk } = await officeOf();
  expect(await search(desk, typed)).toEqual(subjects);
});

it("the last word may be a beginning, of an operator too, until a space says that it is whole", async () => {
  const { desk } = await officeOf();
  const found: Readonly<Record<string, readonly string[]>> = {
    vaca: ["Vacation plan"],
    vacation: ["Vacation plan"],
    обслуживани: ["Лифты"],
    "vaca ": [],
    догово: ["Лифты"],
    договоры: ["Лифты"],
    лифтсерв: ["Лифты"],
    deliver: ["Delivery terms"],
    "deliver ": [],
    "vacat delive": [],
    "confirm vaca": ["Vacation plan"],
    "-vacation": ["Лифты", "Delivery terms"],
    "-vacatio": ["Лифты", "Delivery terms"],
    "subject:pla": ["Vacation plan"],
    "subject:confir": [],
    "from:olg": ["Vacation plan", "Delivery terms"],
    "from:olga@medt": ["Vacation plan", "Delivery terms"],
    "to:орл": ["Vacation plan"],
    "file:off": ["Лифты"],
    "type:pd": ["Лифты"],
    "type:offer": [],
    "label:urg": ["Delivery terms"],
    "label:urg ": [],
    "in:lab": ["Лифты"],
    "is:fl": ["Vacation plan"],
    "has:att": ["Лифты"],
    "delivery in:jun": ["Delivery of money"],
    '"delivery of al': ["Delivery terms"],
    '"delivery of al"': [],
  };
  for (const [typed, subjects] of Object.entries(found))
    expect([typed, await search(desk, typed)]).toEqual([typed, subjects]);
});

it("every beginning of a word finds what the whole word finds, though the index holds stems alone", async () => {
  const desk = await openMailDesk();
  const words = ["meeting", "filings", "deliveries", "agreed", "dying", "поставками", "подписанные", "встречаемся"];
  desk.put(
    "messages",
    words.map((word) => message({ subject: `About ${word} only` })),
  );
  await desk.mail.searcher.settled();
  for (const word of words)
    for (let length = 2; length <= word.length; length++) {
      const typed = word.slice(0, length);
      expect({ [typed]: await search(desk, typed) }).toEqual({
        [typed]: expect.arrayContaining([`About ${word} only`]),
      });
    }
});

it("[FRM-1] how words were written goes with the last message that has their stem", async () => {
  const desk = await openMailDesk();
  const [first, second] = [message({ subject: "Meetings" }), message({ subject: "Meeting" })];
  const forms = () => desk.file.all("SELECT word FROM mail_form WHERE word LIKE 'meet%' ORDER BY word").flat();
  desk.put("messages", [first, second]);
  await desk.mail.searcher.settled();
  expect(forms()).toEqual(["meeting", "meetings"]);
  desk.purge("messages", [first.id]);
  expect(await search(desk, "meetin")).toEqual(["Meeting"]);
  desk.put("messages", [{ ...second, subject: "Dinner" }]);
  expect(forms()).toEqual([]);
  await desk.mail.searcher.settled();
  expect(await search(desk, "meetin")).toEqual([]);
});

it("a folder is searched by its name, and a record's link by having one", async () => {
  const { desk, terms } = await officeOf();
  expect(await search(desk, "has:record")).toEqual([]);
  desk.put("mailLinks", [{ id: newId(), mailboxId: MAILBOX, threadId: terms.threadId, how: "hand", createdAt: at(5) }]);
  expect(await search(desk, "has:record")).toEqual(["Delivery terms"]);
});

it("what lies in a folder that lies in the trash is found by whoever names the trash, and by all once the folder comes out of it", async () => {
  const { desk, lift } = await officeOf();
  const within = newId();
  await desk.mail.commands["folder.delete"]({ id: lift.folderId });
  desk.put("mailFolders", [{ id: within, mailboxId: MAILBOX, name: "Within", parentId: lift.folderId }]);
  desk.put("messages", [message({ subject: "Лифт в корзине", folderId: within })]);
  await desk.mail.searcher.settled();
  expect(await search(desk, "лифт")).toEqual([]);
  expect(await search(desk, "лифт in:trash")).toEqual(["Лифт в корзине", "Лифты"]);
  expect(await search(desk, "лифт в:корз")).toEqual(["Лифт в корзине", "Лифты"]);
  expect(await search(desk, "лифт -in:trash")).toEqual([]);
  await desk.mail.commands["folder.move"]({ id: lift.folderId, parentId: null });
  expect(await search(desk, "лифт")).toEqual(["Лифт в корзине", "Лифты"]);
  expect(await search(desk, "лифт in:trash")).toEqual([]);
});

it("what a message says now is found, what it said before is not, and moving it indexes nothing", async () => {
  const { desk, terms } = await officeOf();
  desk.put("mailBodies", [body(terms.id, "We must refuse")]);
  expect(await search(desk, "goods")).toEqual([]);
  expect(desk.mail.searcher.isComplete()).toBe(false);
  await desk.mail.searcher.settled();
  expect(await search(desk, "refuse")).toEqual(["Delivery terms"]);
  await desk.mail.commands["mail.update"]({ targets: { ids: [terms.id] }, change: { seen: false, flagged: true } });
  expect(desk.mail.searcher.isComplete()).toBe(true);
  expect(await search(desk, "refuse is:flagged")).toEqual(["Delivery terms"]);
});

it("says that it is not complete while messages wait, and pages without loss", async () => {
  const desk = await openMailDesk();
  const many = Array.from({ length: 450 }, (_, n) =>
    message({ subject: `${n % 3 === 0 ? "Report" : "Reports"} ${n}`, receivedAt: at(1 + (n % 28)) }),
  );
  desk.put("messages", many);
  const first = (await desk.mail.commands["mail.search"]({
    text: "report",
    skip: 0,
    limit: 10,
    offsetMinutes: 0,
  })) as MailSearchAnswer;
  expect(first.complete).toBe(false);
  await desk.mail.searcher.settled();
  async function paged(text: string): Promise<readonly string[]> {
    const rows: MailSearchAnswer["rows"][number][] = [];
    for (let skip = 0, more = true; more; skip += 40) {
      const answer = (await desk.mail.commands["mail.search"]({
        text,
        skip,
        limit: 40,
        offsetMinutes: 0,
      })) as MailSearchAnswer;
      expect(answer.complete).toBe(true);
      rows.push(...answer.rows);
      ({ more } = answer);
    }
    expect(rows.map((row) => row.at)).toEqual(
      rows
        .map((row) => row.at)
        .toSorted()
        .toReversed(),
    );
    return [...new Set(rows.map(({ key }) => key))];
  }
  expect((await paged("report")).length).toBe(450);
  // A phrase is compared with the text: of what the index finds, two thirds do not hold.
  expect((await paged('"report"')).length).toBe(150);
});

it("suggests whom one wrote to and who wrote, by any beginning of name or address", async () => {
  const { desk } = await officeOf();
  const suggest = async (text: string) =>
    ((await desk.mail.commands["mail.suggest"]({ text, limit: 8 })) as readonly MailSuggestion[]).map(
      ({ address }) => address,
    );
  expect(await suggest("ol")).toEqual(["olga@medtech.example"]);
  expect(await suggest("пав")).toEqual(["pavel@aurora.example"]);
  expect(await suggest("павел орл")).toEqual(["pavel@aurora.example"]);
  expect(await suggest("liftserv")).toEqual(["office@liftservice.example"]);
  expect(await suggest("partnering")).toEqual([]);
  desk.put("messages", [message({ from: [{ address: "r@partner.example", name: "Rob Cummings" }] })]);
  await desk.mail.searcher.settled();
  expect(await suggest("cummin")).toEqual(["r@partner.example"]);
  expect(await suggest("")).toEqual([]);
  expect(await suggest('"*(')).toEqual([]);
});

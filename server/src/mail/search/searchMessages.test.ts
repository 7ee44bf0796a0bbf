import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MailAddress } from "@kontor/shared/mail";
import { stemOf, wordsOf } from "@kontor/shared/text";
import { createTestDatabase, type TestDatabase } from "#testing";
import {
  actor,
  createDeal,
  mailboxOf,
  makeMailbox,
  officeMailPolicies,
  people,
  receive,
  records,
  seedMail,
  applier,
  type Login,
} from "../mail.fixture.ts";
import { placeOf } from "../mail.rest.ts";
import { messageIntents } from "../messages/messages.intents.ts";
import { newId } from "@kontor/shared/base";
import { messageWords } from "./messageWords.ts";
import { searchMessages, type SearchQuestion } from "./searchMessages.ts";

let test: TestDatabase;
let ann: string;
const apply = applier(messageIntents({ records }));

const letter = (
  subject: string,
  over: { from?: MailAddress; to?: MailAddress[]; text?: string; internal?: boolean } = {},
  placement: Parameters<typeof receive>[3] = {},
) =>
  receive(
    test.db,
    ann,
    {
      subject,
      text: over.text ?? "",
      people: {
        from: [over.from ?? { address: "olga@partner.example", name: "Ольга Королёва" }],
        to: over.to ?? [{ address: "ann@kontor.example" }],
        cc: [],
      },
    },
    placement,
  );

beforeAll(async () => {
  test = await createTestDatabase();
  await seedMail(test.db);
  ann = await mailboxOf(test.db, "ann");
  await letter("Договор поставки CTR-2026-0147", { text: "Прилагаем подписанные договоры." }, { seen: true });
  await letter("Contracts for the terminal", {
    from: { address: "james.carter@north-sea.example", name: "James Carter" },
    text: "Two contracts were signed yesterday, see https://north-sea.example/contracts/7",
  });
  await letter(
    "Ёлка",
    { to: [{ address: "sales@kontor.example", name: "Отдел продаж" }] },
    { flagged: true, labels: ["Urgent"] },
  );
  await letter("Spam about contracts", {}, { folder: { role: "junk" } });
  await letter("Thrown away contracts", {}, { folder: { role: "trash" } });
  await letter("Old letter", { text: "to be or not to be" }, { receivedAt: "2025-01-15T12:00:00.000Z" });
});
afterAll(() => test.drop());

const search = async (query: string, who: Login = "ann", over: Partial<SearchQuestion> = {}) => {
  const question = { query, offsetMinutes: 0, limit: 50, after: undefined, ...over };
  return (await searchMessages(test.db, question, actor(who))).messages.map(({ subject }) => subject).toSorted();
};
const [contract, contracts, tree, old] = [
  "Договор поставки CTR-2026-0147",
  "Contracts for the terminal",
  "Ёлка",
  "Old letter",
];

describe("the search of mail", () => {
  it.each([
    ["договор ", [contract]],
    ["ДОГОВОРОМ ", [contract]],
    ["contract", [contracts]],
    ["sign", [contracts]],
    ["елка", [tree]],
    ["ёлку", [tree]],
    ["CTR-2026-0147", [contract]],
    ['"договор поставки"', [contract]],
    ['"поставки договор"', []],
    ["поставк*", [contract]],
    // A beginning, also one that is longer than the stem of its word; a space says that it is whole.
    ["te", [contracts]],
    ["te ", []],
    ["contra", [contracts]],
    ["contra ", []],
    ["подписанны", [contract]],
    ["подписанны ", []],
    ["yesterda", [contracts]],
    ["-yesterda", [contract, old, tree].toSorted()],
    ["termina договор", []],
    ["договор подписанны", [contract]],
    ["subject:поставк", [contract]],
    ["subject:yesterda", []],
    ["subject:contracts-fo", [contracts]],
    ["subject:contract-fo", [contracts]],
    ['"договор пост', [contract]],
    ['"договор поставки CTR-2026-01', [contract]],
    ['"договор CTR', []],
    ["from:james.carter@north-se", [contracts]],
    ["to:прод", [tree]],
    ["label:urg", [tree]],
    ["label:urg ", []],
    ["is:fl", [tree]],
    ["in:jun", ["Spam about contracts"]],
    ["в:корз contracts", []],
    ["contracts в:корз", ["Thrown away contracts"]],
    ["terminal contracts", [contracts]],
    ["terminal договор", []],
    ["subject:signed", []],
    ["subject:terminal", [contracts]],
    ["from:carter", [contracts]],
    ["from:james.carter@north-sea.example", [contracts]],
    ["from:north", [contracts]],
    ["from:королева", [contract, old, tree].toSorted()],
    ["from:Корол*", [contract, old, tree].toSorted()],
    ["from:sales", []],
    ["to:sales", [tree]],
    ["to:продаж", [tree]],
    ["Carter", [contracts]],
    ["is:unread contract", [contracts]],
    ["is:read", [contract]],
    ["is:flagged", [tree]],
    ["label:urgent", [tree]],
    ["-from:королева", [contracts]],
    ["in:junk", ["Spam about contracts"]],
    ["in:trash contracts", ["Thrown away contracts"]],
    ["before:2025-06-01", [old]],
    ["after:2025-06-01 -is:read -label:urgent", [contracts]],
    ["larger:1mb", []],
    ["north-sea.example/contracts", [contracts]],
    ["example", [contracts, contract, tree, old].toSorted()],
    ["2026-0147", [contract]],
    ["sea", [contracts]],
    ["'; drop table mail_message; --", []],
    ["\\' & | ! ( ) <-> :*", [contract, contracts, tree, old].toSorted()],
  ])("%s", async (query, expected) => expect(await search(query)).toEqual(expected));

  it("finds links, attachments and who is to answer", async () => {
    const shared = await makeMailbox(test.db, { kind: "shared", members: [{ userId: people.ann, role: "editor" }] });
    const { threadId, id } = await receive(test.db, shared, { subject: "Linked" });
    const deal = await createDeal(test.db, "ann");
    await apply(test.db, actor("ann"), "mail.link", newId(), { threadId, recordId: deal.id });
    await apply(test.db, actor("ann"), "mail.update", id, { assigneeId: people.ann });
    expect(await search("has:record")).toEqual(["Linked"]);
    expect(await search("is:mine")).toEqual(["Linked"]);
    expect(await search("has:attachment")).toEqual([]);
    expect(await search("is:mine", "ann", { mailboxId: ann })).toEqual([]);
  });

  it("finds by the trash what lies in folders that were thrown away, at any depth, and nothing of it without", async () => {
    const mailboxId = await makeMailbox(test.db, { kind: "shared", members: [{ userId: people.ann, role: "editor" }] });
    const [outer, inner] = [newId(), newId()];
    await apply(test.db, actor("ann"), "folder.create", outer, { mailboxId, name: "Outer" });
    await apply(test.db, actor("ann"), "folder.create", inner, { mailboxId, name: "Inner", parentId: outer });
    await receive(test.db, mailboxId, { subject: "Nested lantern" }, { folder: { id: inner } });
    expect(await search("lantern in:trash")).toEqual([]);
    await apply(test.db, actor("ann"), "folder.delete", outer, {});
    expect(await search("lantern")).toEqual([]);
    expect(await search("lantern in:trash")).toEqual(["Nested lantern"]);
    expect(await search("lantern в:корз")).toEqual(["Nested lantern"]);
    expect(await search("lantern -in:trash")).toEqual([]);
    await apply(test.db, actor("ann"), "folder.move", outer, { parentId: null });
    expect(await search("lantern in:trash")).toEqual([]);
    expect(await search("lantern")).toEqual(["Nested lantern"]);
  });

  it("[VIS-2] finds nothing in mailboxes of others, nor in one whose messages are hidden", async () => {
    for (const who of ["bob", "eve", "root"] as const) expect(await search("договор", who)).toEqual([]);
    const shared = await makeMailbox(test.db, { kind: "shared", members: [{ userId: people.bob, role: "manager" }] });
    await receive(test.db, shared, { subject: "Unicorn" });
    expect(await search("unicorn", "bob")).toEqual(["Unicorn"]);
    expect(await search("unicorn", "root")).toEqual([]);
    expect(await search("unicorn", "root", { mailboxId: shared })).toEqual([]);
    const question = { query: "unicorn", offsetMinutes: 0, limit: 5, after: undefined };
    const masked = actor("bob", {
      policies: officeMailPolicies
        .filter(({ resource }) => resource === "mailbox")
        .map((policy) => ({ ...policy, mask: { "content.messages": "omit" as const } })),
    });
    expect((await searchMessages(test.db, question, masked)).messages).toEqual([]);
  });

  it("gives page after page, each message once, also of one moment", async () => {
    const shared = await makeMailbox(test.db, { kind: "shared", members: [{ userId: people.eve, role: "reader" }] });
    for (let n = 0; n < 23; n++)
      await receive(test.db, shared, { subject: `Page ${n}` }, { receivedAt: `2026-02-0${1 + (n % 3)}T10:00:00.000Z` });
    const seen: string[] = [];
    for (let cursor: string | undefined; ;) {
      const question = { query: "page", offsetMinutes: 0, limit: 5, after: placeOf(cursor) };
      const page = await searchMessages(test.db, question, actor("eve"));
      seen.push(...page.messages.map(({ receivedAt, id }) => `${receivedAt} ${id}`));
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(new Set(seen).size).toBe(23);
    expect(seen).toEqual(seen.toSorted().toReversed());
  });

  it("keeps every word of any text, and its stem, as PostgreSQL reads them", async () => {
    const seed = Number(process.env.KONTOR_SEED ?? Math.floor(Math.random() * 2 ** 31));
    const letters = fc.string({ unit: "binary", maxLength: 200 });
    const ours = fc.string({ unit: fc.constantFrom(..."ёЙ№ﬁ'\\\":&|!*<>()-_@. \n\u0301\u00ad𝒜あ1a"), maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(letters, ours), async (text) => {
        const words = messageWords({ subject: "", text, people: { from: [], to: [], cc: [] } });
        const { rows } = await sql<{ kept: string[] }>`select tsvector_to_array(${words}::tsvector) as kept`.execute(
          test.db,
        );
        const wanted = new Set(wordsOf(text).flatMap((word) => [word, stemOf(word)]));
        expect(rows[0]?.kept.toSorted()).toEqual([...wanted].toSorted());
      }),
      { seed, numRuns: 500 },
    );
  });

  it("takes texts of any alphabet and length into the index", async () => {
    // The most expensive that were tried: letters of four bytes, all words different, with hyphens.
    const words = (base: number, span: number) =>
      Array.from({ length: 40_000 }, (_, n) =>
        String.fromCodePoint(
          base + (n % span),
          base + (((n / span) % span) | 0),
          45,
          base + (((n / span / span) % span) | 0),
        ),
      ).join(" ");
    // And those with most stems beside their words: all different, each with an ending.
    const inflected = (letters: string, ending: string) =>
      Array.from(
        { length: 30_000 },
        (_, n) => [24 ** 3, 24 ** 2, 24, 1].map((place) => letters[Math.floor(n / place) % 24] ?? "").join("") + ending,
      ).join(" ");
    const texts = [
      words(0x10330, 26),
      words(0x4e00, 5_000),
      "a".repeat(262_144),
      "a/".repeat(130_000),
      inflected("абвгдежзиклмнопрстуфхцчш", "ы"),
      inflected("abcdefghijklmnopqrstuvwx", "s"),
    ];
    for (const text of texts)
      await letter("Long", { text, from: { address: "x@y.example", name: text.slice(0, 200) } });
    expect(await search("subject:long")).toHaveLength(texts.length);
  });
});

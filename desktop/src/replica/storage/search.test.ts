import { expect, it } from "vitest";
import { stemOf, wordsOf } from "@kontor/shared/text";
import { defineSearchIndex } from "./search.ts";
import { searchQuery } from "./search.text.ts";
import { message, messages, messageSchema, openScratch, scratchFile, type Message } from "./testing/scratch.ts";

const search = defineSearchIndex({ fields: ["text", "subject", "tags"] });

async function withTexts(...texts: string[]) {
  const collection = openScratch().collection<Message>("messages", messageSchema, { search });
  collection.writeSync(texts.map((text, at) => message(at, text)));
  await collection.searchSettled();
  return (typed: string, asYouType = false): number[] =>
    collection.search(typed, { asYouType }).documents.map((found) => Number(found.id.slice(1)));
}

it("finds inflected words in Russian and English, ё as е, whatever the case and width", async () => {
  const find = await withTexts("Договоры поставки ЁЛКАМИ", "contract signed by ALICE", "ｆｕｌｌ width");
  expect(find("договор елка")).toEqual([0]);
  expect(find("Contracts SIGN")).toEqual([1]);
  expect(find("full")).toEqual([2]);
});

it("finds phrases, beginnings and exclusions, newest first", async () => {
  const find = await withTexts("red green blue", "green red blue", "red green grey");
  expect(find("red")).toEqual([2, 1, 0]);
  expect(find('"red green"')).toEqual([2, 0]);
  expect(find("gre*")).toEqual([2, 1, 0]);
  expect(find("red -grey")).toEqual([1, 0]);
  expect(find('blue -"red green"')).toEqual([1]);
  expect(find("re gre", true)).toEqual([]);
  expect(find("red gree", true)).toEqual([2, 1, 0]);
});

it("does not find a phrase across two fields, and looks into lists", async () => {
  const collection = openScratch().collection<Message>("messages", messageSchema, { search });
  collection.writeSync([{ ...message(1, "one"), subject: "two", tags: ["urgent", "later"] }]);
  await collection.searchSettled();
  expect(collection.search('"one two"').documents).toEqual([]);
  expect(collection.search("urgent two").documents).toHaveLength(1);
});

it("takes whatever a user types for words, never for operators", async () => {
  const find = await withTexts("AND OR NOT NEAR", 'a "quoted" c*', "№12/45-К");
  for (const typed of [
    "AND",
    "NEAR(and, or)",
    '"',
    '""',
    "*",
    "-",
    "--x",
    "a:b",
    "words:x",
    "{stems}",
    "(",
    "\0",
    "^x",
    '"unclosed',
  ])
    expect(find(typed)).toBeInstanceOf(Array);
  expect(find("or not")).toEqual([0]);
  expect(find("12/45-к")).toEqual([2]);
  expect(searchQuery("  -only -excluded ")).toBeUndefined();
});

it("says that it is not complete while rows wait for the index, and goes on after a restart", async () => {
  const filename = scratchFile();
  const file = openScratch({ filename });
  const collection = file.collection<Message>("messages", messageSchema, { search });
  collection.writeSync(messages(1_000));
  expect(collection.search("message").complete).toBe(false);
  await file.close();

  const reopened = openScratch({ filename }).collection<Message>("messages", messageSchema, { search });
  await reopened.searchSettled();
  const result = reopened.search("message", { limit: 10 });
  expect(result.complete).toBe(true);
  expect(result.documents[0]?.id).toBe("m000999");
  const rest = reopened.search("message", { limit: 1_000, after: result.next ?? 0 });
  expect(rest.documents).toHaveLength(990);
  expect(rest.next).toBeUndefined();
});

it("[VIS-2] never finds words that a document no longer has, also before the lane gets to it", async () => {
  const collection = openScratch().collection<Message>("messages", messageSchema, { search });
  collection.writeSync([message(1, "salary"), message(2, "salary")]);
  await collection.searchSettled();
  collection.writeSync([message(1, "redacted")]);
  const between = collection.search("salary");
  expect(between.documents.map((found) => found.id)).toEqual(["m000002"]);
  expect(between.complete).toBe(false);
  await collection.searchSettled();
  expect(collection.search("redacted").documents).toHaveLength(1);
});

it("builds the index anew when its fields change", async () => {
  const filename = scratchFile();
  const file = openScratch({ filename });
  const before = file.collection<Message>("messages", messageSchema, {
    search: defineSearchIndex({ fields: ["text"] }),
  });
  before.writeSync([{ ...message(1, "body"), subject: "head" }]);
  await before.searchSettled();
  await file.close();
  const after = openScratch({ filename }).collection<Message>("messages", messageSchema, {
    search: defineSearchIndex({ fields: ["subject"] }),
  });
  await after.searchSettled();
  expect([after.search("body").documents.length, after.search("head").documents.length]).toEqual([0, 1]);
});

it("splits text into words and stems", () => {
  expect(wordsOf("Ёж, e-mail №5")).toEqual(["еж", "e", "mail", "5"]);
  expect([stemOf("договорами"), stemOf("running"), stemOf("12а")]).toEqual(["договор", "run", "12а"]);
});

import { describe, expect, it } from "vitest";
import { speaksOfFiles, warningsFor, type LeavingDraft } from "./warnings.ts";

const isInternal = (address: string) => address.endsWith("@office.example");
const draft = (change: Partial<LeavingDraft>): LeavingDraft => ({
  subject: "Lift",
  ownHtml: "<p>Hello</p>",
  hasFiles: false,
  recipients: [{ address: "anna@office.example" }],
  before: undefined,
  ...change,
});
const kinds = (change: Partial<LeavingDraft>) => warningsFor(draft(change), isInternal).map(({ kind }) => kind);

describe("warnings before sending", () => {
  it.each([
    "Please find attached the contract",
    "The attachment has the figures",
    "I am attaching the plan",
    "Договор во вложении",
    "Файл в приложении, посмотрите",
    "Прикладываю правки",
    "Я приложил счёт",
    "Прикрепляю скан",
    "Вложил акт",
  ])("hear a file in: %s", (text) => {
    expect(speaksOfFiles(text)).toBe(true);
  });

  it.each([
    "We can meet on Friday",
    "Unattached columns",
    "изменился срок поставки и приложение № 2",
    "Приложение на телефон готово",
    "капиталовложения выросли",
    "Nothing is attached, it is all in the text",
  ])("hear no file in: %s", (text) => {
    expect(speaksOfFiles(text)).toBe(false);
  });

  it("ask for a file only when none hangs in it", () => {
    expect(kinds({ ownHtml: "<p>see attached</p>" })).toEqual(["forgottenFile"]);
    expect(kinds({ ownHtml: "<p>see attached</p>", hasFiles: true })).toEqual([]);
  });

  it("ask for a subject", () => {
    expect(kinds({ subject: "  " })).toEqual(["noSubject"]);
  });

  it("say who outside would read what was a talk among colleagues", () => {
    const before = [{ address: "boris@office.example" }];
    const recipients = [{ address: "anna@office.example" }, { address: "eva@elsewhere.example" }];
    expect(warningsFor(draft({ before, recipients }), isInternal)).toEqual([
      { kind: "newOutsiders", people: [{ address: "eva@elsewhere.example" }] },
    ]);
    expect(kinds({ before: [...before, { address: "eva@elsewhere.example" }], recipients })).toEqual([]);
    expect(kinds({ recipients })).toEqual([]);
  });

  it("say it of many people outside in a new message", () => {
    const recipients = [1, 2, 3, 4, 5].map((n) => ({ address: `p${n}@elsewhere.example` }));
    expect(kinds({ recipients })).toEqual(["newOutsiders"]);
  });
});

import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RecordSheet } from "#objects";
import { makePdf } from "#previews";
import { createJail } from "../../src/adapters/jail/jail.ts";
import { createOffice } from "../../src/adapters/office/index.ts";
import { paperOfCard } from "../../src/mail/send/cardPaper.ts";

const jail = await createJail();
const office = createOffice({ jail });
const missing = await office.missing();

describe.skipIf(missing)(`the PDF of a card ${missing ?? ""}`, { timeout: 120_000 }, () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "kontor-paper-"));
    await chmod(root, 0o711);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const sheet: RecordSheet = {
    kind: "Договор",
    title: "CTR-2026-0147 · Поставка <МРТ> & монтаж",
    rows: [
      { label: "Сумма", text: "48 200,00 €" },
      { label: "Условия", text: "Первая строка\nВторая\tс отступом \u0007" },
      { label: "Срок", text: "20 ноября 2026 г." },
    ],
    sensitive: [],
  };
  async function print(given: RecordSheet): Promise<{ readonly name: string; readonly bytes: Buffer }> {
    const toPdf = (source: Parameters<typeof makePdf>[1]) =>
      makePdf({ office, scratchDirectory: join(root, "scratch") }, source);
    const { name, open } = await paperOfCard(given, "ru", toPdf);
    return { name, bytes: await buffer(Readable.from(await open())) };
  }

  it("says what the sheet says, in any alphabet, and is the same bytes each time", async () => {
    const { bytes, name } = await print(sheet);
    expect(name).toMatch(/^CTR-2026-0147 · Поставка .*МРТ.* & монтаж\.pdf$/);
    const path = join(root, "card.pdf");
    await writeFile(path, bytes);
    const text = execFileSync("pdftotext", ["-layout", path, "-"]).toString();
    for (const part of [
      "Договор",
      "Поставка <МРТ> & монтаж",
      "Сумма",
      "48 200,00 €",
      "Первая строка",
      "Вторая",
      "20 ноября",
    ])
      expect(text.replaceAll("\u00a0", " ")).toContain(part);
    expect(text.split("\f")).toHaveLength(2); // one page, and what follows it
    expect((await print(sheet)).bytes.equals(bytes)).toBe(true);
  });

  it("of a name alone is a page, too", async () => {
    const { bytes } = await print({ ...sheet, kind: "", rows: [] });
    const path = join(root, "name.pdf");
    await writeFile(path, bytes);
    expect(execFileSync("pdftotext", [path, "-"]).toString()).toContain("CTR-2026-0147");
  });
});

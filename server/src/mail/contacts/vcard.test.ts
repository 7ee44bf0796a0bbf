import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contactSchema } from "@kontor/shared/mail";
import type { ContactBody } from "./contacts.repo.ts";
import { parseVCards, writeVCards } from "./vcard.ts";

const stamp = { id: "00000000-0000-7000-8000-000000000001", updatedAt: "2026-03-02T10:00:00.000Z" };
const one = (text: string) => parseVCards(text).contacts[0];

describe("vCards are read", () => {
  it("as RFC 6350 writes them, with groups of properties, folded lines and quoted parameters", () => {
    const text = [
      "BEGIN:VCARD",
      "VERSION:4.0",
      "FN:Simon Perreault",
      "N:Perreault;Simon;;;ing. jr,M.Sc.",
      'item1.EMAIL;TYPE=work;X-ABLabel="a:b;c":simon.perreault@viagenie.example',
      'TEL;VALUE=uri;TYPE="voice,home":tel:+1-418-656-9254',
      "ORG;TYPE=work:Viagénie;North Am",
      " erican Division",
      "TITLE:Engin\\, eer",
      "NOTE:first\\nsecond\\;third\\\\",
      "END:VCARD",
    ].join("\r\n");
    expect(one(text)).toEqual({
      name: "Simon Perreault",
      organisation: "Viagénie, North American Division",
      title: "Engin, eer",
      emails: [{ address: "simon.perreault@viagenie.example", label: "work" }],
      phones: [{ number: "+1-418-656-9254", label: "home" }],
      note: "first\nsecond;third\\",
    });
  });

  it("as version 3 and the 2.1 of old phones write them", () => {
    const three =
      "BEGIN:VCARD\nVERSION:3.0\nN:Иванова;Ольга;Петровна;;\nEMAIL;type=INTERNET;type=HOME:olga@ivanova.example\nEND:VCARD";
    expect(one(three)).toEqual({
      name: "Ольга Петровна Иванова",
      emails: [{ address: "olga@ivanova.example", label: "home" }],
      phones: [],
    });
    const two =
      "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=9E=D0=BB=D1=8C=\r\n=D0=B3=D0=B0\r\nTEL;CELL;PREF:+7 900\r\nEND:VCARD\r\n";
    expect(one(two)).toEqual({ name: "Ольга", emails: [], phones: [{ number: "+7 900", label: "cell" }] });
  });

  it("also without a name of their own, and not at all where they name nobody", () => {
    expect(one("BEGIN:VCARD\nORG:Partner Ltd\nEND:VCARD")?.name).toBe("Partner Ltd");
    expect(one("BEGIN:VCARD\nEMAIL:a@b.example\nEND:VCARD")?.name).toBe("a@b.example");
    expect(parseVCards("BEGIN:VCARD\nEMAIL:nonsense\nEND:VCARD\nBEGIN:VCARD\nFN:torn")).toEqual({
      contacts: [],
      skipped: 2,
    });
  });

  it("as groups, of members that are addresses", () => {
    const text =
      'BEGIN:VCARD\nKIND:group\nFN:Team\nMEMBER;CN="Ann B":mailto:ann@kontor.example\nMEMBER:urn:uuid:1\nEND:VCARD';
    expect(one(text)).toMatchObject({ members: [{ address: "ann@kontor.example", name: "Ann B" }] });
  });

  it("of any bytes, in time that grows with them alone, as contacts that fit", () => {
    const pieces = fc.constantFrom(
      "BEGIN:VCARD\n",
      "END:VCARD\n",
      "FN:",
      "EMAIL;TYPE=",
      "TEL:",
      "N:;;;",
      "NOTE:\\n\\",
      "ORG:;",
      '"',
      ";",
      "\n ",
      "=\n",
      ";ENCODING=QUOTED-PRINTABLE:=D0",
      "\u0000",
      "\ud800",
      "a@b.example\n",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: "binary" })), { maxLength: 40 }), (parts) => {
        for (const contact of parseVCards(`BEGIN:VCARD\n${parts.join("")}\nEND:VCARD\n`).contacts)
          expect(contactSchema.safeParse({ kind: "personal", ...contact }).success).toBe(true);
      }),
    );
    const long = `BEGIN:VCARD\nFN:x\n${"NOTE:".padEnd(300_000, '";:\\=')}\n${" y".repeat(100_000)}\nEND:VCARD\n`;
    expect(parseVCards(long.repeat(5)).contacts).toHaveLength(5);
  });
});

describe("vCards are written", () => {
  const line = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 60 })
    .map((text) => text.replaceAll(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, "").trim())
    .filter((text) => text !== "");
  const address = fc.integer({ min: 0 }).map((n) => `person.${n}@kontor.example`);
  const contact = fc
    .record(
      {
        name: line,
        organisation: line.filter((text) => !text.includes(",") && text.trim() !== ""),
        title: line,
        emails: fc.array(
          fc.record({ address, label: fc.constantFrom("work", "home") }, { requiredKeys: ["address"] }),
          { maxLength: 3 },
        ),
        phones: fc.array(
          fc.record({ number: fc.constant("+49 30 1"), label: fc.constant("cell") }, { requiredKeys: ["number"] }),
          { maxLength: 3 },
        ),
        note: fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join("\n")),
        members: fc.array(
          fc.record({ address, name: fc.constantFrom("Ann", "Bob B.") }, { requiredKeys: ["address"] }),
          { maxLength: 3 },
        ),
      },
      { requiredKeys: ["name", "emails", "phones"] },
    )
    .map((made) => made as ContactBody);

  it("and read again as what they were, in both versions", () => {
    fc.assert(
      fc.property(
        fc.array(contact, { maxLength: 4 }),
        fc.constantFrom("4.0" as const, "3.0" as const),
        (contacts, version) => {
          const text = writeVCards(
            contacts.map((each) => ({ ...each, ...stamp })),
            version,
          );
          expect(parseVCards(text)).toEqual({ contacts, skipped: 0 });
          for (const written of text.split("\r\n")) expect(Buffer.byteLength(written)).toBeLessThanOrEqual(75);
        },
      ),
    );
  });

  it("with the version, the id and the time that others go by", () => {
    const text = writeVCards([{ name: "Ann", emails: [], phones: [], ...stamp }]);
    expect(text).toBe(
      "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:00000000-0000-7000-8000-000000000001\r\nREV:20260302T100000Z\r\nFN:Ann\r\nEND:VCARD\r\n",
    );
  });
});

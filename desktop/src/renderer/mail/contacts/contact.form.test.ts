import { describe, expect, it } from "vitest";
import type { ReplicaContact } from "#contract";
import { contactOf, emptyContact, rawOf } from "./contact.form.ts";

describe("a contact's form", () => {
  it("takes a contact apart and puts it together the same", () => {
    const contact = {
      kind: "shared",
      name: "Eva Anderson",
      organisation: "North",
      emails: [{ address: "eva@north.example", label: "work" }, { address: "eva@home.example" }],
      phones: [{ number: "+49 (30) 123", label: "mobile" }],
      note: "Prefers mornings\nand tea",
    } as const;
    const row = { ...contact, id: "1", updatedAt: "", pending: 0 } as ReplicaContact;
    expect(contactOf(rawOf(row))).toEqual({ ok: true, contact });
  });

  it("keeps a number in brackets that is part of it", () => {
    const parsed = contactOf({ ...emptyContact(false), name: "A", phones: "+7 (495) 123-45-67" });
    expect(parsed).toMatchObject({ contact: { phones: [{ number: "+7 (495) 123-45-67" }] } });
  });

  it("has a group's members by any way of writing a list", () => {
    const parsed = contactOf({
      ...emptyContact(true),
      name: "Board",
      members: "A <a@x.example>; b@x.example\nc@x.example",
    });
    expect(parsed).toMatchObject({
      contact: {
        emails: [],
        members: [{ address: "a@x.example", name: "A" }, { address: "b@x.example" }, { address: "c@x.example" }],
      },
    });
  });

  it("says what is wrong, and where", () => {
    expect(contactOf(emptyContact(false))).toMatchObject({ problem: "name" });
    expect(contactOf({ ...emptyContact(false), name: "A", emails: "a@x.example\nnot an address" })).toEqual({
      ok: false,
      problem: "emails",
      text: "not an address",
    });
    expect(contactOf({ ...emptyContact(true), name: "A", members: "a@x.example, nobody" })).toEqual({
      ok: false,
      problem: "members",
      text: "nobody",
    });
  });
});

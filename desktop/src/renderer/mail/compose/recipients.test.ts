import { describe, expect, it } from "vitest";
import type { ReplicaContact } from "#contract";
import type { MailboxDoc } from "@kontor/shared/mail";
import type { PersonDoc } from "@kontor/shared/people";
import { insiders, suggestionsFor, withAdded } from "./recipients.ts";

const person = (id: string, name: string, email: string): PersonDoc =>
  ({ id, name, email, active: true }) as unknown as PersonDoc;
const contact = (change: Partial<ReplicaContact>): ReplicaContact =>
  ({
    id: "c",
    kind: "personal",
    name: "",
    emails: [],
    phones: [],
    updatedAt: "",
    pending: 0,
    ...change,
  }) as ReplicaContact;
const sources = {
  people: [person("1", "Anna Krüger", "anna@office.example"), person("2", "Ирина Белова", "irina@office.example")],
  contacts: [
    contact({ id: "c1", name: "Eva Anderson", emails: [{ address: "eva@north.example" }] }),
    contact({
      id: "c2",
      name: "Annual audit",
      members: [{ address: "a@x.example" }, { address: "irina@office.example" }],
    }),
  ],
  written: [
    { address: "ANNA@office.example", lastAt: "" },
    { address: "ann@far.example", name: "Ann", lastAt: "" },
  ],
};
const names = (typed: string, chosen: readonly { address: string }[] = []) =>
  suggestionsFor(typed, sources, chosen).map(({ name }) => name);

describe("recipients", () => {
  it("offers colleagues, then contacts and groups, then whoever was written to; nobody twice", () => {
    expect(names("ann")).toEqual(["Anna Krüger", "Annual audit", "Ann"]);
  });

  it("finds by any word of the name, in any case, and by the address", () => {
    expect(names("белова")).toEqual(["Ирина Белова"]);
    expect(names("and")).toContain("Eva Anderson");
    expect(names("north")).toContain("Eva Anderson");
  });

  it("does not offer who is there already, and of a group only the others", () => {
    expect(names("anna", [{ address: "anna@office.example" }])).not.toContain("Anna Krüger");
    expect(suggestionsFor("annual", sources, [{ address: "A@x.example" }])[0]?.people).toEqual([
      { address: "irina@office.example" },
    ]);
  });

  it("offers nothing for nothing typed", () => {
    expect(names("  ")).toEqual([]);
  });

  it("adds each address once", () => {
    expect(
      withAdded(
        [{ address: "a@x.example" }],
        [{ address: "A@X.example" }, { address: "b@x.example" }, { address: "b@x.example" }],
      ),
    ).toEqual([{ address: "a@x.example" }, { address: "b@x.example" }]);
  });

  it("knows who is inside by the domains of the office's own mailboxes", () => {
    const boxes = [
      { kind: "shared", addresses: ["office@office.example"] },
      { kind: "external", addresses: ["me@gmail.example"] },
    ] as unknown as readonly MailboxDoc[];
    const isInternal = insiders([person("9", "Extern", "x@partner.example")], boxes);
    expect(["new@office.example", "X@partner.example", "me@gmail.example"].map(isInternal)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

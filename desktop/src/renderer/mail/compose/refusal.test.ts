import { expect, it } from "vitest";
import { refusalLeft } from "./refusal.ts";

const unknown = (address: string) => ({
  field: "to",
  reason: "send.unknownAddress",
  message: `Nobody here has the address ${address}.`,
  limit: address,
});
const to = (...addresses: readonly string[]) => addresses.map((address) => ({ address }));

it("a refusal names the addresses that are still there, and ends with the last of them", () => {
  const refused = { problems: [unknown("pavl@aurora.example"), unknown("ana@aurora.example")] };
  expect(refusalLeft(refused, to("Pavl@Aurora.example", "ana@aurora.example", "b@b.example"))).toEqual(refused);
  expect(refusalLeft(refused, to("pavel@aurora.example", "ana@aurora.example"))?.problems).toEqual([
    unknown("ana@aurora.example"),
  ]);
  expect(refusalLeft(refused, to("pavel@aurora.example"))).toBeUndefined();
});

it("what is wrong with no address stays, whoever gets it", () => {
  const tooLarge = { problems: [] };
  expect(refusalLeft(tooLarge, [])).toEqual(tooLarge);
  const other = { problems: [{ field: "subject", reason: "invalid", message: "Too long." }] };
  expect(refusalLeft(other, [])).toEqual(other);
});

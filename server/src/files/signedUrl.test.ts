import { expect, it } from "vitest";
import { openTicket, signTicket, type Ticket } from "./signedUrl.ts";

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const key = Buffer.alloc(32, 7);
const ticket: Ticket = {
  file: "018f0000-0000-7000-8000-000000000001",
  part: "content",
  user: "018f0000-0000-7000-8000-000000000002",
  channel: "desktop",
  expires: 2_000,
};

it("opens what it signed, until it expires", () => {
  const signed = signTicket(ticket, key);
  expect(openTicket(signed, { key, now: 1_999 })).toEqual(ticket);
  expect(() => openTicket(signed, { key, now: 2_000 })).toThrow("not valid");
});

it("opens what was sent to people without an account, and takes neither kind with parts of the other", () => {
  const { user, channel, ...part } = ticket as Extract<Ticket, { user: string }>;
  const shared = { ...part, share: "018f0000-0000-7000-8000-000000000003" };
  expect(openTicket(signTicket(shared, key), { key, now: 0 })).toEqual(shared);
  const both = { ...shared, user, channel };
  expect(() => openTicket(signTicket(both, key), { key, now: 0 })).toThrow("not valid");
});

it("refuses every other last character, also those that decode to the same bytes", () => {
  const signed = signTicket(ticket, key);
  const others = [...BASE64URL].filter((last) => last !== signed.at(-1));
  const opened = others.filter((last) => {
    try {
      return openTicket(signed.slice(0, -1) + last, { key, now: 0 });
    } catch {
      return false;
    }
  });
  expect(opened).toEqual([]);
});

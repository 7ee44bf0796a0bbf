import { expect, it } from "vitest";
import { parseServerAddress } from "./serverAddress.ts";

it.each([
  ["kontor.example.com", "https://kontor.example.com"],
  ["  https://kontor.example.com/ ", "https://kontor.example.com"],
  ["https://example.com/kontor/", "https://example.com/kontor"],
  ["localhost:8080", "http://localhost:8080"],
  ["127.0.0.1:8080", "http://127.0.0.1:8080"],
  ["http://192.168.1.5:8080", "http://192.168.1.5:8080"],
  ["http://office-server:8080", "http://office-server:8080"],
])("takes %s for %s", (typed, url) => expect(parseServerAddress(typed)).toEqual({ url }));

it.each(["", "two words", "ftp://example.com", "https://user:secret@example.com", "https://"])("refuses %j", (typed) =>
  expect(parseServerAddress(typed)).toEqual({ problem: "invalid" }),
);

it("refuses plain http over the internet, where the password would travel in the clear", () =>
  expect(parseServerAddress("http://kontor.example.com")).toEqual({ problem: "insecure" }));

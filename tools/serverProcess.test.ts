import { expect, it } from "vitest";
import { wordsOf } from "./serverProcess.ts";

it("shows the server's own words and its warnings, and leaves the rest of the log to the file", () => {
  expect(wordsOf("Kontor is listening on http://127.0.0.1:7480")).toBe("Kontor is listening on http://127.0.0.1:7480");
  expect(wordsOf('{"level":30,"msg":"request"}')).toBeUndefined();
  expect(wordsOf('{"level":40,"msg":"slow query"}')).toBe("server: slow query");
  expect(wordsOf('{"level":50,"msg":"stopping","err":{"message":"no answer"}}')).toBe("server: stopping: no answer");
  expect(wordsOf('{"level": cut short')).toBe('{"level": cut short');
});

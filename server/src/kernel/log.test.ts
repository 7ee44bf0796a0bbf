import { Writable } from "node:stream";
import { expect, it } from "vitest";
import { createLog } from "./log.ts";

it("writes neither secrets nor what a library's error drags along", () => {
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    destination: new Writable({
      write: (chunk: Buffer, _encoding, done) => void (lines.push(chunk.toString()), done()),
    }),
  });
  const error = Object.assign(new Error("terminated"), {
    code: "57P01",
    client: { connectionString: "postgres://u:hunter2@host/db" },
  });
  log.warn(
    {
      err: error,
      password: "hunter2",
      body: { token: "hunter2" },
      req: { headers: { authorization: "Bearer hunter2", cookie: "hunter2" } },
    },
    "lost",
  );
  expect(lines.join("")).not.toContain("hunter2");
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: "lost", err: { message: "terminated", code: "57P01" } });
});

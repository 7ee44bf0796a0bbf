import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./repository.ts";

it("names only settings that the server reads", () => {
  const known = readFileSync(join(root, "server/src/config.ts"), "utf8");
  const named = [...readFileSync(join(root, "deploy/kontor.env.example"), "utf8").matchAll(/^#?([A-Z0-9_]+)=/gm)];
  expect(named.length).toBeGreaterThan(5);
  for (const [, key] of named) expect(known, `${key} in deploy/kontor.env.example`).toContain(`${key}: {`);
});

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

it("speaks of the port on which the server listens", () => {
  const [, port] =
    /KONTOR_PORT: \{ schema: .*default\((\d+)\)/.exec(readFileSync(join(root, "server/src/config.ts"), "utf8")) ?? [];
  for (const file of ["README.md", "Caddyfile", "nginx.conf", "Dockerfile"]) {
    expect(readFileSync(join(root, "deploy", file), "utf8"), file).toContain(`:${port}`);
  }
  expect(readFileSync(join(root, "tools/start.ts"), "utf8")).toContain(`(default: ${port})`);
});

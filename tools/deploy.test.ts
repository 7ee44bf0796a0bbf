import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./repository.ts";

it("names only settings that the server reads", () => {
  const known = readFileSync(join(root, "server/src/config.ts"), "utf8");
  const named = [...readFileSync(join(root, "deploy/kontor.env.example"), "utf8").matchAll(/^#?([A-Z0-9_]+)=/gm)];
  expect(named.length).toBeGreaterThan(5);
  expect(named.map(([, key]) => key).filter((key) => !known.includes(`${key}: {`))).toEqual([]);
});

it("speaks of the port on which the server listens", () => {
  const [, port] =
    /KONTOR_PORT: \{ schema: .*default\((\d+)\)/.exec(readFileSync(join(root, "server/src/config.ts"), "utf8")) ?? [];
  const samples = ["README.md", "Caddyfile", "nginx.conf", "Dockerfile"];
  const silent = samples.filter((file) => !readFileSync(join(root, "deploy", file), "utf8").includes(`:${port}`));
  expect(silent).toEqual([]);
  expect(readFileSync(join(root, "tools/start.ts"), "utf8")).toContain(`(default: ${port})`);
});

// What `npm test -- <feature>` and `npm run e2e -- <feature>` mean by a feature: a noun of the tree.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./repository.ts";

const NOT_FEATURES = new Set(["node_modules", "harness", "results"]);

/** The features that have end-to-end specs: the folders of e2e that hold some. */
export function featuresWithSpecs(): string[] {
  return readdirSync(join(root, "e2e"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !NOT_FEATURES.has(entry.name) && hasSpecs(join(root, "e2e", entry.name)))
    .map((entry) => entry.name)
    .sort();
}

function hasSpecs(folder: string): boolean {
  return readdirSync(folder, { recursive: true }).some((file) => String(file).endsWith(".spec.ts"));
}

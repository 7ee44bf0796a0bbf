// The command line as Electron reads it: Playwright's `-r loader.js`, Chromium's switches, the app's folder or entry file.
import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

export interface Launch {
  /** Scripts to run before the app: Playwright's loader. */
  readonly preloads: readonly string[];
  readonly switches: ReadonlyMap<string, string>;
  readonly appDir: string;
  readonly entry: string;
  readonly manifest: {
    readonly name?: string;
    readonly productName?: string;
    readonly version?: string;
    readonly main?: string;
  };
  /** What `process.argv` holds after the executable. */
  readonly args: readonly string[];
}

export function parseLaunch(args: readonly string[]): Launch {
  const preloads: string[] = [];
  const switches = new Map<string, string>();
  const plain: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "-r") preloads.push(args[++i] ?? "");
    else if (arg.startsWith("--"))
      switches.set(arg.slice(2).split("=", 1)[0] ?? "", arg.includes("=") ? arg.slice(arg.indexOf("=") + 1) : "");
    else if (!arg.startsWith("-")) plain.push(arg);
  }
  return { preloads, switches, args, ...findApp(resolve(plain[0] ?? ".")) };
}

function findApp(path: string): Pick<Launch, "appDir" | "entry" | "manifest"> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Error(`stand-in: there is no app at ${path}`);
  if (!found.isDirectory()) return { appDir: dirname(path), entry: path, manifest: {} };
  const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as Launch["manifest"];
  return { appDir: path, entry: join(path, manifest.main ?? "index.js"), manifest };
}

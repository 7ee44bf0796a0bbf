// The four checks that read the code without running it.
import { type Outcome, run } from "./children.ts";
import { toolOf } from "./repository.ts";
import { type Stages, verdict } from "./stages.ts";

interface Check {
  title: string;
  command: string[];
  /** What to type to mend or to see it. */
  mend: string;
}

const checks: Check[] = [
  { title: "Formatting (oxfmt)", command: [...toolOf("", "oxfmt"), "--check", "."], mend: "npm run check -- --fix" },
  { title: "Lint (oxlint)", command: [...toolOf("", "oxlint"), "--deny-warnings"], mend: "see the lines above" },
  { title: "Types (tsc -b)", command: [...toolOf("", "typescript", "tsc"), "-b"], mend: "see the lines above" },
  { title: "Unused code (knip)", command: [...toolOf("", "knip"), "--no-progress"], mend: "see the lines above" },
];

export async function runChecks(stages: Stages, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  for (const { title, command, mend } of checks) {
    await stages.run(title, async () => {
      const { code }: Outcome = await run(command, { output: "show", env });
      return verdict(code === 0, mend);
    });
  }
}

/** Writes the formatting and the safe lint fixes into the files. */
export async function fix(): Promise<void> {
  await run([...toolOf("", "oxfmt"), "."], { output: "show" });
  await run([...toolOf("", "oxlint"), "--fix"], { output: "show" });
}

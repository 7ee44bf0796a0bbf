/**
 * Decisions on 20 policies of the office pack's shape: may this user do this with this record? Kontor's engine is bound to
 * each user, who asks on and on. Peers: CASL with an ability cached per user, or built for each request as it has to be where
 * conditions speak of the request, node-casbin with an ABAC matcher, Cedar in WebAssembly with its policies parsed beforehand.
 * Every contestant answers the same 2,000 requests, and a run in which two of them disagree has no result.
 */
import { fileURLToPath } from "node:url";
import { policies, requests } from "./harness/access.case.ts";
import { runContestant } from "./harness/child.ts";
import { figureOf, inTurns, report, roundsOf } from "./harness/figure.ts";

const CONTESTANTS = fileURLToPath(new URL("harness/access.contestants.ts", import.meta.url));

const answers = new Map<string, string>();
const contestant = (name: string) => async () => {
  const result = await runContestant<{ rate: number; answers: string }>(CONTESTANTS, name);
  answers.set(name, result.answers);
  check(name, result.answers);
  return result.rate;
};

/** That a contestant refuses everything fast is no merit either. */
function check(name: string, given: string): void {
  const allowed = given.split("1").length - 1;
  const [first = ""] = answers.values();
  const different = requests.findIndex((_, index) => first[index] !== given[index]);
  if (different >= 0)
    throw new Error(`${name} answers request ${different} differently: ${JSON.stringify(requests[different])}`);
  if (allowed < requests.length / 10 || allowed > (requests.length * 9) / 10)
    throw new Error(`${allowed} of ${requests.length} requests are allowed; too one-sided to compare answers`);
}

console.info(`${policies.length} policies, ${requests.length} requests`);
const { ours, ...peers } = await inTurns(roundsOf(7), {
  ours: contestant("ours"),
  "CASL, cached abilities": contestant("casl"),
  "CASL, built for each request": contestant("caslBuilt"),
  "node-casbin": contestant("casbin"),
  "cedar-wasm, preparsed": contestant("cedar"),
});
report("access-decide", [
  figureOf({
    name: "access-decide",
    metric: `decisions on ${policies.length} policies`,
    unit: "decisions/s",
    better: "higher",
    ours,
    peers,
  }),
]);

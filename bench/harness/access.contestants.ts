/** One contestant, named by the first argument: answers all requests once, to be compared, and then for half a second. */
import { createMongoAbility, type RawRuleOf, subject as typed } from "@casl/ability";
import { preparsePolicySet, statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import { createAccessEngine, type Policy, type Subject } from "@kontor/shared/access";
import { guard } from "@ucast/mongo2js";
import { newEnforcer, newModelFromString } from "casbin";
import { context, policies, requests, types } from "./access.case.ts";
import { toExpression, toQuery } from "./access.translate.ts";

type Ask = (request: number) => boolean;
const contestants: Readonly<Record<string, () => Ask | Promise<Ask>>> = {
  ours,
  casl: () => casl("cached"),
  caslBuilt: () => casl("built each time"),
  casbin,
  cedar,
};

/** Until compilers and caches of everybody have settled, also where half of the machine is busy with something else. */
const WARM_UP_MS = 1_000;
const MEASURED_MS = 500;

const prepare = contestants[process.argv[2] ?? ""];
if (!prepare) throw new Error(`no contestant is named "${process.argv[2]}"`);
const ask = await prepare();
const answers = requests.map((_, index) => (ask(index) ? "1" : "0")).join("");
const allowed = answers.split("1").length - 1;
rateFor(WARM_UP_MS);
console.info(JSON.stringify({ rate: rateFor(MEASURED_MS), answers }));

/** Per second of the processor: on a shared machine, what passes meanwhile is other people's work, too. */
function rateFor(milliseconds: number): number {
  const started = performance.now();
  const before = process.threadCpuUsage();
  let asked = 0;
  let given = 0;
  do {
    // In stretches, so that looking at the clock costs nothing.
    for (let index = 0; index < requests.length; index++) if (ask(index)) given += 1;
    asked += requests.length;
  } while (performance.now() - started < milliseconds);
  const { user, system } = process.threadCpuUsage(before);
  // Answers that nobody reads need not be worked out, and those that change under way would be no answers.
  if (given !== (asked / requests.length) * allowed) throw new Error("the answers have changed");
  return Math.round((asked / (user + system)) * 1_000_000);
}

/** As lists and searches ask: bound to the user beforehand, as CASL's abilities are, and to nothing of the request. */
function ours(): Ask {
  const engine = createAccessEngine({ policies, resources: types, rev: "bench" });
  const users = new Set(requests.map(({ subject }) => subject));
  const accesses = new Map([...users].map((user) => [user, engine.accessOf(user, context)]));
  const asked = requests.map(({ subject, action, resource }) => ({ access: accesses.get(subject), action, resource }));
  return (index) => {
    const request = asked[index];
    return request?.access?.may(request.action, request.resource) === true;
  };
}

/** An ability per user, with the user's values in it, so that the rules for other people are gone; all of MongoDB's operators, since the default matcher takes `$or` for a field. */
function casl(abilityIs: "cached" | "built each time"): Ask {
  const allowsFirst = policies.toSorted((a, b) => a.effect.localeCompare(b.effect)); // the last rule that fits wins
  const abilityOf = (subject: Subject) =>
    createMongoAbility(
      allowsFirst.flatMap((policy) => ruleOf(policy, subject)),
      { conditionsMatcher: (conditions) => guard(conditions as never) },
    );
  const abilities = new Map(
    [...new Set(requests.map(({ subject }) => subject))].map((user) => [user, abilityOf(user)]),
  );
  const asked = requests.map(({ subject, action, resource }) => ({
    user: subject,
    ability: abilities.get(subject),
    action,
    resource: typed(resource.type, { ...resource.attributes }),
  }));
  return (index) => {
    const request = asked[index];
    if (!request) return false;
    const ability = abilityIs === "cached" ? request.ability : abilityOf(request.user);
    return ability?.can(request.action, request.resource) === true;
  };
}

function ruleOf({ effect, actions, resource, when }: Policy, subject: Subject): RawRuleOf<never>[] {
  const query = when ? toQuery(when, subject) : true;
  if (query === false) return [];
  const rule = { action: [...actions], subject: resource, inverted: effect === "deny" };
  return [(query === true ? rule : { ...rule, conditions: query }) as RawRuleOf<never>];
}

async function casbin(): Promise<Ask> {
  const model = newModelFromString(`
[request_definition]
r = sub, obj, act
[policy_definition]
p = type, acts, rule, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.obj.type == p.type && covers(p.acts, r.act) && eval(p.rule)
`);
  const enforcer = await newEnforcer(model);
  await enforcer.addFunction("covers", (acts: string, act: string) => acts.split(" ").includes(act));
  await enforcer.addFunction("has", (list: readonly string[], element: string) => list.includes(element));
  await enforcer.addFunction("any", (list: readonly string[], other: readonly string[]) =>
    list.some((element) => other.includes(element)),
  );
  const dialect = {
    names: { sub: "r.sub", obj: "r.obj" },
    has: (list: string, element: string) => `has(${list}, ${element})`,
    any: (list: string, other: string) => `any(${list}, ${other})`,
  };
  for (const { resource, actions, when, effect } of policies) {
    await enforcer.addPolicy(resource, actions.join(" "), when ? toExpression(when, dialect) : "true", effect);
  }
  const asked = requests.map(({ subject, action, resource }) => ({
    subject,
    action,
    resource: { type: resource.type, ...resource.attributes },
  }));
  return (index) => {
    const request = asked[index];
    return request !== undefined && enforcer.enforceSync(request.subject, request.resource, request.action);
  };
}

function cedar(): Ask {
  const dialect = {
    names: { sub: "principal", obj: "resource" },
    has: (list: string, element: string) => `${list}.contains(${element})`,
    any: (list: string, other: string) => `${list}.containsAny(${other})`,
  };
  const staticPolicies = policies.map(({ effect, resource, actions, when }) => {
    const among = actions.map((action) => `Action::"${action}"`).join(", ");
    const condition = when ? ` when { ${toExpression(when, dialect)} }` : "";
    return `${effect === "allow" ? "permit" : "forbid"}(principal, action in [${among}], resource is ${resource})${condition};`;
  });
  const preparsed = preparsePolicySet("office", { staticPolicies: staticPolicies.join("\n") });
  if (preparsed.type === "failure") throw new Error(JSON.stringify(preparsed.errors));
  const calls = requests.map(({ subject, action, resource }, index) => {
    const { id, groups, departments, subtree } = subject;
    const principal = { type: "User", id };
    const object = { type: resource.type, id: String(index) };
    const entities = [
      {
        uid: principal,
        attrs: { id, groups: [...groups], departments: [...departments], subtree: [...subtree] },
        parents: [],
      },
      { uid: object, attrs: resource.attributes as Record<string, string | number>, parents: [] },
    ];
    return {
      principal,
      action: { type: "Action", id: action },
      resource: object,
      context: {},
      preparsedPolicySetId: "office",
      entities,
    };
  });
  return (index) => {
    const answer = statefulIsAuthorized(calls[index] as (typeof calls)[number]);
    if (answer.type === "failure" || answer.response.diagnostics.errors.length > 0)
      throw new Error(JSON.stringify(answer));
    return answer.response.decision === "allow";
  };
}

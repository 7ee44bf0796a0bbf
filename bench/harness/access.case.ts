/** Twenty policies of the office pack's shape, and requests that they allow and refuse, every attribute of them known. */
import {
  type Condition,
  type Context,
  nobody,
  parsePolicies,
  type Policy,
  type ResourceInstance,
  type ResourceType,
  type Subject,
} from "@kontor/shared/access";

const actions = ["view", "create", "edit", "attach", "delete", "submit", "approve", "sign", "archive"];

/** Reading is called `view`: then no action needs a second decision, and every contestant answers the same question. */
export const types: readonly ResourceType[] = ["contract", "invoice"].map((name) => ({
  name,
  sections: { main: ["title"] },
  attributes: { owner: "id", department: "id", state: "text", amount: "number" },
  actions,
}));

const isOwner: Condition = { eq: ["obj.owner", "sub.id"] };
const isInMyDepartment: Condition = { in: ["obj.department", "sub.departments"] };
const isInMyCharge: Condition = {
  and: [{ has: ["sub.groups", "heads"] }, { in: ["obj.department", "sub.subtree"] }],
};
const inGroup = (...groups: readonly string[]): Condition => ({ any: ["sub.groups", groups] });
const inState = (...states: readonly string[]): Condition => ({ in: ["obj.state", states] });
const notDraft: Condition = { ne: ["obj.state", "draft"] };
const all = (...and: readonly Condition[]): Condition => ({ and });
const either = (...or: readonly Condition[]): Condition => ({ or });

type Rule = readonly [effect: Policy["effect"], actions: readonly string[], when: Condition];
const rules: readonly Rule[] = [
  ["allow", ["create"], all(isOwner, isInMyDepartment)],
  ["allow", ["view"], isOwner],
  ["allow", ["edit", "attach", "delete", "submit"], all(isOwner, inState("draft"))],
  ["allow", ["view"], all(isInMyDepartment, notDraft)],
  ["allow", ["edit", "attach"], all(either(isOwner, isInMyDepartment), inState("approval"))],
  ["allow", ["view", "attach", "approve"], all(isInMyCharge, notDraft)],
  ["allow", ["view", "attach", "sign", "archive"], all(inGroup("legal"), notDraft)],
  ["allow", ["view"], all(inGroup("accounting", "management"), inState("approved", "signed", "archived"))],
  ["deny", ["approve", "sign"], all({ gt: ["obj.amount", 500_000] }, { not: inGroup("management") })],
  ["deny", ["edit", "delete"], inState("signed", "archived")],
];

export const policies: readonly Policy[] = parsed(
  types.flatMap(({ name }) =>
    rules.map(([effect, of, when], index) => ({
      id: `${name}-${index}`,
      title: `${name} ${index}`,
      effect,
      resource: name,
      actions: of,
      when,
    })),
  ),
);

function parsed(written: unknown): readonly Policy[] {
  const answer = parsePolicies(written, types);
  if (!answer.ok) throw new Error(JSON.stringify(answer.faults));
  return answer.policies;
}

/* ---------- requests ---------- */

export interface Request {
  readonly subject: Subject;
  readonly action: string;
  readonly resource: ResourceInstance;
}
export const context: Context = { time: "2026-11-21T12:00:00.000Z", channel: "desktop" };

const USERS = 40;
const RECORDS = 400;
const REQUESTS = 2_000;

/** The same numbers in every process (a linear congruential generator). */
let state = 20_261_121;
const below = (count: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * count);
};
const oneOf = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;

const departments = ["d0", "d1", "d2", "d3", "d4", "d5"];
const users: readonly Subject[] = Array.from({ length: USERS }, (_, index) => {
  const department = oneOf(departments);
  return {
    ...nobody,
    id: `u${index}`,
    login: `user${index}`,
    department,
    departments: [...new Set([department, "d0"])],
    subtree: [...new Set([department, oneOf(departments)])],
    groups: ["heads", "legal", "accounting", "management"].filter(() => below(5) === 0),
  };
});
/** Parsed, as what comes from a database is: a text that is the very same object as the user's would be compared at no cost. */
const resources: readonly ResourceInstance[] = Array.from({ length: RECORDS }, () => {
  const resource: ResourceInstance = {
    type: oneOf(types).name,
    attributes: {
      owner: oneOf(users).id,
      department: oneOf(departments),
      state: oneOf(["draft", "approval", "approved", "signed", "archived"]),
      amount: below(1_000_000),
    },
  };
  return JSON.parse(JSON.stringify(resource)) as ResourceInstance;
});
export const requests: readonly Request[] = Array.from({ length: REQUESTS }, () => {
  const resource = oneOf(resources);
  // Half of the requests come from whoever the record belongs to: chance alone would nearly always be refused.
  const owner = users.find(({ id }) => id === resource.attributes["owner"]);
  const subject = owner && below(2) === 0 ? owner : oneOf(users);
  return { subject, action: below(2) === 0 ? "view" : oneOf(actions), resource }; // records are looked at most of all
});

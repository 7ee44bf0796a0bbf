/**
 * A dry run of a draft of policies over HTTP, as the console asks for it: 200 policies, one of them changed, on a growing
 * office; what other people's lists take meanwhile; and the peer, the same engine deciding every record for every person,
 * measured on a slice and multiplied (`deciding each, extrapolated`), since it would take an hour.
 */
import { setTimeout } from "node:timers/promises";
import {
  createAccessEngine,
  type AccessEngine,
  type Condition,
  type DryRun,
  type Policy,
  type Subject,
} from "@kontor/shared/access";
import { nobody } from "@kontor/shared/access";
import { resourceTypesOf } from "@kontor/server/objects";
import { office } from "../server/packs/office/index.ts";
import { figureOf, percentile, report, roundsOf, type Figure } from "./harness/figure.ts";
import { load, openOffice, request, userId, departmentId, type OfficeWorld } from "./harness/office.world.ts";

const POLICIES = 200;
const sizes = [
  { users: 1_000, records: 500_000 },
  { users: 2_000, records: 500_000 },
  { users: 2_000, records: 1_000_000 },
] as const;
const [, , largest] = sizes;
const rounds = roundsOf(3);

/** One policy changed, in ways that concern different people. */
const changes: Readonly<Record<string, (policies: readonly Policy[]) => readonly Policy[]>> = {
  "by department": (policies) =>
    edited(policies, "contract-department-read", { when: { and: [isInMyDepartment, isSigned] } }),
  "by owner": (policies) => policies.filter(({ id }) => id !== "contract-owner-read"),
  "by state, for everybody": (policies) => [...policies, denyArchived],
};
const isInMyDepartment: Condition = { in: ["obj.department", "sub.departments"] };
const isSigned: Condition = { eq: ["obj.state", "signed"] };
const denyArchived: Policy = {
  id: "archive-closed",
  title: "The archive is closed",
  effect: "deny",
  resource: "contract",
  actions: ["read"],
  sections: ["terms"],
  when: { eq: ["obj.state", "archived"] },
};
const edited = (policies: readonly Policy[], id: string, change: Partial<Policy>): readonly Policy[] =>
  policies.map((policy) => (policy.id === id ? { ...policy, ...change } : policy));

/** Projects whose people read what concerns them: as many as make the set 200 policies long. */
const projectPolicies = (there: number): readonly Policy[] =>
  Array.from({ length: POLICIES - there }, (_, index) => ({
    id: `project-${index}`,
    title: `Project ${index}`,
    effect: "allow",
    resource: ["contract", "contract", "invoice", "task"][index % 4] ?? "contract",
    actions: ["read"],
    sections: ["main"],
    when: {
      and: [
        { has: ["sub.groups", `project-${index}`] },
        index % 3 === 0
          ? { gte: ["obj.state", "signed"] }
          : { in: ["obj.department", [departmentId(11 + (index % 40)), departmentId(12 + (index % 40))]] },
      ],
    },
  }));

async function publish(world: OfficeWorld): Promise<readonly Policy[]> {
  const draft = await begin(world, "Projects");
  const policies = [...draft.policies, ...projectPolicies(draft.policies.length)];
  const body = { title: "Projects", version: draft.version, policies };
  const saved = await request<Draft>(world, 1, `/access/drafts/${draft.id}`, { method: "PUT", body });
  const confirmation = { version: saved.version, baseRev: saved.baseRev, confirm: "Projects" };
  await request(world, 1, `/access/drafts/${draft.id}/publish`, { method: "POST", body: confirmation });
  return policies;
}

interface Draft {
  readonly id: string;
  readonly version: number;
  readonly baseRev: string;
  readonly policies: readonly Policy[];
}
const begin = (world: OfficeWorld, title: string) =>
  request<Draft>(world, 1, "/access/drafts", { method: "POST", body: { title } });

async function dryRun(
  world: OfficeWorld,
  policies: readonly Policy[],
): Promise<{ ms: number; result: NonNullable<DryRun["result"]> }> {
  const draft = await begin(world, "Measured");
  const body = { title: "Measured", version: draft.version, policies };
  await request(world, 1, `/access/drafts/${draft.id}`, { method: "PUT", body });
  const started = performance.now();
  const { id } = await request<{ id: string }>(world, 1, `/access/drafts/${draft.id}/dry-runs`, { method: "POST" });
  for (;;) {
    const run = await request<DryRun>(world, 1, `/access/dry-runs/${id}`);
    if (run.state !== "waiting" && run.state !== "running") {
      const ms = performance.now() - started;
      if (!run.result) throw new Error(`the dry run is ${run.state}: ${run.words}`);
      await request(world, 1, `/access/drafts/${draft.id}`, { method: "DELETE" });
      return { ms, result: run.result };
    }
    await setTimeout(100);
  }
}

/* ---------- what others feel ---------- */

/** Lists of contracts, one after another with a pause, by people of all kinds. */
async function listWhile(world: OfficeWorld, isOver: () => boolean): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; !isOver(); n++) {
    const started = performance.now();
    await request(world, 2 + (n % 60), "/records?type=contract&limit=50&sort=-createdAt");
    times.push(performance.now() - started);
    await setTimeout(20);
  }
  return times;
}

/* ---------- the peer ---------- */

const SLICE = { records: 20_000, users: 20 };

/** Seconds that deciding every record for everybody with both sets would take, by what a slice takes. */
async function decideEach(world: OfficeWorld, before: readonly Policy[], after: readonly Policy[]): Promise<number> {
  const resources = resourceTypesOf(office.types);
  const [old, now] = [before, after].map((policies) =>
    createAccessEngine({ policies: policies.filter(({ resource }) => resource === "contract"), resources, rev: "1" }),
  ) as [AccessEngine, AccessEngine];
  const { rows } = await world.database.query<{
    owner: string;
    department: string;
    state: string;
    fields: Record<string, never>;
  }>("select owner, department, state, fields from record order by id limit $1", [SLICE.records]);
  const records = rows.map(({ fields, ...own }) => ({ type: "contract", attributes: { ...fields, ...own } }));
  const context = { time: new Date().toISOString(), channel: "desktop" } as const;
  const started = performance.now();
  let different = 0;
  for (let n = 1; n <= SLICE.users; n++) {
    const department = departmentId(11 + n);
    const subject: Subject = { ...nobody, id: userId(n), department, departments: [department], subtree: [department] };
    for (const resource of records)
      if (old.accessTo(subject, resource, context).maskKey !== now.accessTo(subject, resource, context).maskKey)
        different += 1;
  }
  if (different === 0) throw new Error("the slice has nothing that changes");
  const share = (largest.users * largest.records) / (SLICE.users * SLICE.records);
  return ((performance.now() - started) / 1000) * share;
}

/* ---------- */

const world = await openOffice(sizes[0]);
const figures: Figure[] = [];
try {
  let policies: readonly Policy[] = [];
  for (const size of sizes) {
    await load(world.database, size);
    if (policies.length === 0) policies = await publish(world);
    const isLargest = size === largest;
    for (const [name, change] of Object.entries(changes)) {
      if (!isLargest && name !== "by department") continue;
      const changed = change(policies);
      const seconds: number[] = [];
      const peer: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const { ms, result } = await dryRun(world, changed);
        if (result.records !== size.records || result.total.lost + result.total.changed === 0)
          throw new Error(`the dry run found something else than expected: ${JSON.stringify(result.total)}`);
        seconds.push(ms / 1000);
        if (isLargest) peer.push(await decideEach(world, policies, changed));
        console.info(
          `  round ${round + 1} of ${rounds}: ${name}, ${JSON.stringify(size)}: ${ms} ms, ${JSON.stringify(result.total)}`,
        );
      }
      const what = `${size.users} users, ${size.records} records, ${policies.length} policies, one changed ${name}`;
      figures.push(
        figureOf({
          name: "access-dryrun",
          metric: `dry run: ${what}`,
          unit: "s",
          better: "lower",
          ours: seconds,
          peers: isLargest ? { "deciding each record for each user, extrapolated": peer } : {},
        }),
      );
    }
  }
  figures.push(await latency(policies));
} finally {
  await world.stop();
}
report("access-dryrun", figures);

/** Each round: as long without a dry run as one takes, and then with it. */
async function latency(policies: readonly Policy[]): Promise<Figure> {
  const [quiet, busy]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    let isOver = false;
    const until = performance.now() + 8_000;
    quiet.push(percentile(await listWhile(world, () => performance.now() > until), 0.99));
    const listing = listWhile(world, () => isOver);
    for (const change of Object.values(changes)) await dryRun(world, change(policies));
    isOver = true;
    busy.push(percentile(await listing, 0.99));
  }
  return figureOf({
    name: "access-dryrun",
    metric: "other people's lists while a dry run works, p99",
    unit: "ms",
    better: "lower",
    ours: busy,
    peers: { "the same without a dry run": quiet },
  });
}

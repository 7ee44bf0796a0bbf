import type { z } from "zod";
import type { SqlPredicate, Subject } from "@kontor/shared/access";
import { contextFor, isReadable, type Asker, type AuthzenDeps } from "./authzen.decide.ts";
import { pageOf, type Page } from "./authzen.page.ts";
import type { searchActionSchema, searchResourceSchema, searchSubjectSchema } from "./authzen.schema.ts";

export interface AuthzenSearchDeps extends AuthzenDeps {
  /** Active people in the order of their ids, after an id. */
  pagePeople(
    after: string | undefined,
    limit: number,
  ): Promise<readonly { readonly id: string; readonly login: string }[]>;
  loadPerson(id: string): Promise<Subject | undefined>;
  /** Ids of records of the type for which every predicate holds, in their order; the type may be one without records. */
  findRecords(question: {
    readonly type: string;
    readonly predicates: readonly SqlPredicate[];
    readonly deleted: boolean;
    readonly after: string | undefined;
    readonly limit: number;
  }): Promise<readonly string[]>;
}

/** People decided for one page: a search that finds few must not run through everybody in one request. */
const MAX_DECIDED = 1_000;
const AT_ONCE = 16; // subjects read side by side

interface Found<Entity> {
  readonly page: { readonly next_token: string; readonly count: number };
  readonly results: Entity[];
}

const found = <Entity>(results: Entity[], next = ""): Found<Entity> => ({
  page: { next_token: next, count: results.length },
  results,
});

/** Who may do it: everybody who is on is asked about, a page at a time; the endpoint asked for the right to `evaluate`. A page may be shorter than its limit. */
export async function searchSubjects(
  deps: AuthzenSearchDeps,
  asker: Asker,
  question: z.output<typeof searchSubjectSchema>,
): Promise<Found<{ type: string; id: string }>> {
  const { subject: _, ...same } = question;
  const page = pageOf("subject", { ...same, type: question.subject.type } as never);
  const resource = await asker.findResource(question.resource);
  if (question.subject.type !== "user" || !resource) return found([]);
  const context = contextFor(asker, { type: "user" }, question.context);
  const allows = (subject: Subject | undefined) =>
    subject !== undefined && asker.engine.may(subject, question.action.name, resource, context).allowed;

  const results: { type: string; id: string }[] = [];
  let { after } = page;
  for (let decided = 0; decided < MAX_DECIDED && results.length < page.limit;) {
    const people = await deps.pagePeople(after, AT_ONCE);
    const subjects = await Promise.all(people.map(({ id }) => deps.loadPerson(id)));
    for (const [index, { id, login }] of people.entries()) {
      if (results.length === page.limit) return found(results, page.next(after));
      if (allows(subjects[index])) results.push({ type: "user", id: login });
      after = id;
    }
    if (people.length < AT_ONCE) return found(results);
    decided += people.length;
  }
  return found(results, page.next(after));
}

/** What somebody may do it with: one predicate in the database, whatever the number of records (POL-4). */
export async function searchResources(
  deps: AuthzenSearchDeps,
  asker: Asker,
  question: z.output<typeof searchResourceSchema>,
): Promise<Found<{ type: string; id: string }>> {
  const { engine, mayAskAll } = asker;
  const { resource: _, ...same } = question;
  const { type } = question.resource;
  const page = pageOf("resource", { ...same, type } as never);
  const subject = await asker.findSubject(question.subject);
  const known = engine.resources.find(({ name }) => name === type);
  const action = question.action.name;
  // Only what is stored as rows has predicates; of the rest nothing is listed.
  if (!subject || !known?.attributeSql || !known.actions.includes(action)) return found([]);
  const context = contextFor(asker, question.subject, question.context);
  // Who asks about themselves learns of nothing that they may not read, also where the action does not need it (VIS-2).
  const needed = !mayAskAll && known.actions.includes("read") ? [action, "read"] : [action];
  const predicates = needed.map((one) => engine.filter(subject, one, type, context));
  const deleted = action === "restore"; // the one action that is about the trash
  const ids = await deps.findRecords({ type, predicates, deleted, after: page.after, limit: page.limit + 1 });
  return cut(ids, page, type);
}

function cut(ids: readonly string[], page: Page, type: string): Found<{ type: string; id: string }> {
  const shown = ids.slice(0, page.limit);
  const next = ids.length > page.limit ? page.next(shown.at(-1) ?? page.after) : "";
  return found(
    shown.map((id) => ({ type, id })),
    next,
  );
}

/** What somebody may do with it: every action of the type is asked for; they are few, so there is one page. */
export async function searchActions(
  asker: Asker,
  question: z.output<typeof searchActionSchema>,
): Promise<Found<{ name: string }>> {
  const { engine, mayAskAll } = asker;
  const subject = await asker.findSubject(question.subject);
  const resource = subject && (await asker.findResource(question.resource));
  if (!subject || !resource) return found([]);
  const context = contextFor(asker, question.subject, question.context);
  if (!mayAskAll && !isReadable(engine, subject, resource, context)) return found([]);
  const actions = engine.resources.find(({ name }) => name === resource.type)?.actions ?? [];
  const access = engine.accessOf(subject, context);
  return found(actions.filter((name) => access.may(name, resource)).map((name) => ({ name })));
}

import type { Access } from "@kontor/shared/access";
import type { FieldProblem, Json } from "@kontor/shared/base";
import {
  checkValues,
  failedChecks,
  problemOfCheck,
  isEmptyValue,
  parseFieldValue,
  problemOf,
  sameValue,
  type TypeDefinition,
} from "@kontor/shared/objects";
import type { Actor, Transaction } from "#kernel";
import { findRecords, idsIn } from "./objects.repo.ts";
import type { PeopleLookup } from "./people.lookup.ts";
import { isWritable } from "./projectRecord.ts";
import { resourcesOf } from "./resource.ts";
import { refusal } from "./refusals.ts";

/** POL-7: what of an intent may be applied, and what is refused by name. */
export interface Sorted {
  readonly allowed: Readonly<Record<string, Json>>;
  readonly refused: readonly FieldProblem[];
}

export function sortByRight(set: Readonly<Record<string, Json>>, mayWrite: (key: string) => boolean): Sorted {
  const allowed: Record<string, Json> = {};
  const refused: FieldProblem[] = [];
  for (const [key, value] of Object.entries(set)) {
    if (mayWrite(key)) allowed[key] = value;
    else refused.push(problemOf(key, "field.forbidden"));
  }
  return { allowed, refused };
}

/** Values in the one form they are kept in; `null` is an emptied field. Throws with every field that does not fit. */
export function parseValues(type: TypeDefinition, set: Readonly<Record<string, Json>>): Record<string, Json> {
  const values: Record<string, Json> = {};
  const problems: FieldProblem[] = [];
  for (const [key, raw] of Object.entries(set)) {
    const field = type.fields[key];
    if (!field) problems.push(problemOf(key, "field.unknown"));
    else if (field.kind === "files") problems.push(problemOf(key, "field.files"));
    else if (!isWritable(type, key)) problems.push(problemOf(key, "field.readOnly"));
    else {
      const result = parseFieldValue(field, raw, key);
      if (result.ok) values[key] = result.value ?? null;
      else problems.push(result.problem);
    }
  }
  if (problems.length > 0) throw refusal("record.invalid", { problems });
  return values;
}

/**
 * Checks the record as a whole, but speaks only of what this author touches and sees: an old record that a newer type
 * would not take can still be edited elsewhere, and a comparison with a hidden field would tell what is in it.
 */
export function checkWhole(
  type: TypeDefinition,
  fields: Readonly<Record<string, Json>>,
  touched: ReadonlySet<string>,
  isSeen: (key: string) => boolean,
): void {
  const values = checkValues(type, fields).filter(({ field }) => touched.has(field));
  if (values.length > 0) throw refusal("record.invalid", { problems: values });
  const checks = failedChecks(type, fields).filter(
    ({ left, right }) => (touched.has(left) || touched.has(right)) && isSeen(left) && isSeen(right),
  );
  if (checks.length > 0) throw refusal("record.invalid", { problems: checks.map(problemOfCheck) });
}

const pick = (values: Readonly<Record<string, Json>>, keep: (key: string) => boolean) =>
  Object.fromEntries(Object.entries(values).filter(([key]) => keep(key)));

/**
 * Whatever the changed fields point to must be there, and a record must be one that the author may read: an id that
 * somebody guessed is answered like one that does not exist. What was there before is not asked again.
 */
export async function checkReferences(
  trx: Transaction,
  {
    type,
    before,
    after,
    actor,
    people,
  }: {
    type: TypeDefinition;
    before: Readonly<Record<string, Json>>;
    after: Readonly<Record<string, Json>>;
    actor: Actor;
    people: PeopleLookup;
  },
): Promise<void> {
  const added = (kind: "person" | "department" | "relation") =>
    Object.entries(type.fields).flatMap(([key, field]) => {
      if (field.kind !== kind || sameValue(before[key], after[key])) return [];
      const known = new Set(idsIn(before[key]));
      return idsIn(after[key])
        .filter((id) => !known.has(id))
        .map((id) => ({ key, id, to: field.kind === "relation" ? field.to : undefined }));
    });
  const [persons, departments, relations] = [added("person"), added("department"), added("relation")];
  const [knownPersons, knownDepartments, targets] = [
    await people.existingPersons(
      trx,
      persons.map(({ id }) => id),
    ),
    await people.existingDepartments(
      trx,
      departments.map(({ id }) => id),
    ),
    await readableTypes(
      trx,
      relations.map(({ id }) => id),
      actor,
    ),
  ];
  const isReachable = ({ id, to }: { id: string; to: string | undefined }) =>
    to !== undefined && targets.get(id) === to;
  const problems = [
    ...persons.filter(({ id }) => !knownPersons.has(id)).map(({ key }) => problemOf(key, "field.noPerson")),
    ...departments.filter(({ id }) => !knownDepartments.has(id)).map(({ key }) => problemOf(key, "field.noDepartment")),
    ...relations.filter((relation) => !isReachable(relation)).map(({ key }) => problemOf(key, "field.noRecord")),
  ];
  if (problems.length > 0) throw refusal("record.invalid", { problems });
}

/** Types by id, of those that are there and that the actor may read. */
async function readableTypes(
  trx: Transaction,
  ids: readonly string[],
  actor: Actor,
): Promise<ReadonlyMap<string, string>> {
  const rows = (await findRecords(trx, ids)).filter((row) => row.deleted_at === null);
  const resources = await resourcesOf(trx, actor.engine, rows);
  const readable = rows.filter((_, index) => {
    const resource = resources[index];
    return resource && actor.engine.accessTo(actor.subject, resource, actor.context).readable;
  });
  return new Map(readable.map((row) => [row.id, row.type]));
}

/** Without the emptied ones. */
export const filled = (values: Readonly<Record<string, Json>>): Record<string, Json> =>
  pick(values, (key) => !isEmptyValue(values[key]));

export const seenBy = (access: Access) => (key: string) => access.field(key) === "visible";

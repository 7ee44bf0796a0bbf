import { DomainError } from "../base/index.ts";
import { parseFieldValue } from "./fieldValue.ts";
import { sortColumnsOf } from "./sortKeys.ts";
import { comparableKinds } from "./record.check.ts";
import { typeSchema } from "./type.schema.ts";
import type { FieldDefinition, TypeDefinition } from "./type.ts";

/** What is wrong with a type, and where: `contract, fields.amount.currencies: at least one`. */
const refuse = (type: string, place: string, what: string): never => {
  throw new DomainError("invalid", `Type ${type}, ${place}: ${what}`, {
    reason: "type.invalid",
    problems: [{ field: place, reason: "type.invalid", message: what }],
  });
};

/**
 * Words that policies and lists use for every record (`obj.state`, the column `createdAt`). A field may only take
 * `owner` or `department` for itself, and only by being what the word means.
 */
const reserved = new Set([
  "id",
  "type",
  "state",
  "owner",
  "department",
  "createdAt",
  "createdBy",
  "updatedAt",
  "updatedBy",
  "deleted",
]);
const columnsOfEveryRecord = new Set(["state", "createdAt", "updatedAt"]);

/** Checks a definition as a whole and returns it; throws with the place of the first mistake. */
export function defineType(definition: TypeDefinition): TypeDefinition {
  const parsed = typeSchema.safeParse(definition);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    refuse(String(definition.name), issue?.path.join(".") || "definition", issue?.message ?? "not a type definition");
  }
  const at = (place: string, what: string): never => refuse(definition.name, place, what);

  checkUnique(
    definition.sections.map((section) => section.key),
    (key) => at("sections", `${key} is there twice`),
  );
  for (const [key, field] of Object.entries(definition.fields)) checkField(definition, key, field, at);
  checkRoles(definition, at);
  checkStates(definition, at);
  checkList(definition, at);
  checkChecks(definition, at);
  return definition;
}

type Refuse = (place: string, what: string) => never;

function checkField(type: TypeDefinition, key: string, field: FieldDefinition, at: Refuse): void {
  const place = `fields.${key}`;
  if (
    reserved.has(key) &&
    !(key === "owner" && type.ownerField === key) &&
    !(key === "department" && type.departmentField === key)
  ) {
    at(place, `${key} already means something for every record; take another name`);
  }
  if (field.section !== undefined && !type.sections.some((section) => section.key === field.section)) {
    at(`${place}.section`, `there is no section ${field.section}`);
  }
  if (field.kind === "files" && field.required) at(`${place}.required`, "files are attached to what exists already");
  if (field.required && field.readOnly && !("default" in field)) at(`${place}.required`, "nobody could ever fill it");
  if (field.kind === "choice" || field.kind === "choices") {
    checkUnique(
      field.options.map((option) => option.key),
      (option) => at(`${place}.options`, `${option} is there twice`),
    );
  }
  if (field.kind === "autoNumber" && [...field.pattern.matchAll(/\{n:[1-9]\}/g)].length !== 1) {
    at(`${place}.pattern`, "needs {n:4} once: the counter, here with four digits");
  }
  if (field.kind === "text" && (field.minLength ?? 0) > (field.maxLength ?? Number.MAX_SAFE_INTEGER))
    at(`${place}.minLength`, "is more than maxLength");
  if (field.kind === "number" && (field.min ?? -Infinity) > (field.max ?? Infinity))
    at(`${place}.min`, "is more than max");
  if (field.kind === "money" && Number(field.min ?? -Infinity) > Number(field.max ?? Infinity))
    at(`${place}.min`, "is more than max");
  if (field.kind === "date" && field.min !== undefined && field.max !== undefined && field.min > field.max)
    at(`${place}.min`, "is after max");
  if (field.kind === "text" || field.kind === "longText" || field.kind === "number" || field.kind === "choice") {
    const result = field.default === undefined ? undefined : parseFieldValue(field, field.default, key);
    if (result && !result.ok) at(`${place}.default`, result.problem.message);
  }
}

function checkRoles(type: TypeDefinition, at: Refuse): void {
  const title = type.fields[type.titleField];
  if (title?.kind !== "text") at("titleField", "must name a text field");
  if (!title?.required) at("titleField", "must be required: a list cannot show a record without a name");
  if (type.ownerField !== undefined && type.fields[type.ownerField]?.kind !== "person")
    at("ownerField", "must name a person field");
  if (type.departmentField !== undefined && type.fields[type.departmentField]?.kind !== "department")
    at("departmentField", "must name a department field");
  const numbers = Object.values(type.fields).filter((field) => field.kind === "autoNumber");
  if (numbers.length > 1) at("fields", "only one field can be the automatic number");
}

function checkStates(type: TypeDefinition, at: Refuse): void {
  const { states } = type;
  if (!states) return;
  const keys = states.list.map((state) => state.key);
  checkUnique(keys, (key) => at("states.list", `${key} is there twice`));
  if (!keys.includes(states.initial)) at("states.initial", `there is no state ${states.initial}`);
  checkUnique(
    states.transitions.map((transition) => transition.key),
    (key) => at("states.transitions", `${key} is there twice`),
  );
  for (const transition of states.transitions) {
    const place = `states.transitions.${transition.key}`;
    for (const state of [...transition.from, transition.to])
      if (!keys.includes(state)) at(place, `there is no state ${state}`);
    for (const field of transition.requires ?? []) {
      const kind = type.fields[field]?.kind;
      if (!kind) at(`${place}.requires`, `there is no field ${field}`);
      if (kind === "files") at(`${place}.requires`, `${field} holds files, whose bodies may still be on their way`);
    }
    for (const [field, what] of Object.entries(transition.sets ?? {})) {
      const kind = type.fields[field]?.kind;
      if (what === "today" && kind !== "date") at(`${place}.sets`, `${field} must be a date to take today's`);
      if (what === "me" && kind !== "person") at(`${place}.sets`, `${field} must be a person to take the acting one`);
    }
  }
}

function checkList(type: TypeDefinition, at: Refuse): void {
  const { columns, summary, sort, filters } = type.list;
  for (const [place, keys] of Object.entries({ columns, summary })) {
    for (const key of keys)
      if (!type.fields[key] && !columnsOfEveryRecord.has(key)) at(`list.${place}`, `there is no field ${key}`);
  }
  for (const key of filters) {
    const kind = type.fields[key]?.kind;
    if (!kind) at("list.filters", `there is no field ${key}`);
    if (kind === "files") at("list.filters", `${key} holds files and cannot be a filter`);
  }
  if (sort.field !== "createdAt" && !sortColumnsOf(type).includes(sort.field)) {
    at(
      "list.sort",
      `${sort.field} is none of the first four sortable columns (${sortColumnsOf(type).join(", ")}), nor createdAt`,
    );
  }
}

function checkChecks(type: TypeDefinition, at: Refuse): void {
  for (const [index, check] of (type.checks ?? []).entries()) {
    const left = type.fields[check.left]?.kind;
    const right = type.fields[check.right]?.kind;
    if (!left || !right) at(`checks.${index}`, `there is no field ${left ? check.right : check.left}`);
    if (left !== right || !comparableKinds.has(left as string))
      at(`checks.${index}`, `${check.left} and ${check.right} cannot be compared`);
  }
}

function checkUnique(keys: readonly string[], twice: (key: string) => never): void {
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) twice(key);
    seen.add(key);
  }
}

/** Checks what only a whole set can tell: names are unique and relations lead somewhere. */
export function checkTypes(types: readonly TypeDefinition[]): void {
  checkUnique(
    types.map((type) => type.name),
    (name) => refuse(name, "name", "two types have it"),
  );
  const names = new Set(types.map((type) => type.name));
  for (const type of types) {
    for (const [key, field] of Object.entries(type.fields)) {
      if (field.kind === "relation" && !names.has(field.to))
        refuse(type.name, `fields.${key}.to`, `there is no type ${field.to}`);
    }
  }
}

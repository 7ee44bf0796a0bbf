import type { Catalog } from "../policy/catalog.ts";
import { attributePattern, leafOps } from "../policy/operators.ts";
import { weekdays } from "../policy/policy.words.ts";

export interface Spot {
  /** From the policy down to what is completed; of a key, to the object that it is in. */
  readonly steps: readonly (string | number)[];
  readonly isKey: boolean;
  /** Other texts in the same list. */
  readonly siblings: readonly string[];
}
export interface Offer {
  readonly label: string;
  /** In words. */
  readonly detail?: string;
}

const policyKeys = ["id", "title", "effect", "resource", "actions", "sections", "mask", "when", "contact", "examples"];
const exampleKeys = ["name", "subject", "action", "type", "resource", "context", "field", "expect"];
const offers = (labels: readonly string[]): readonly Offer[] => labels.map((label) => ({ label }));

/** What can stand at a place in a policy's JSON, from what policies may mention. */
export function offersAt({ steps, isKey, siblings }: Spot, resource: string, catalog: Catalog): readonly Offer[] {
  const [part, index, inside] = steps;
  if (part === undefined) return isKey ? offers(policyKeys) : [];
  if (part === "examples") return exampleOffers({ steps, isKey, siblings }, resource, catalog);
  if (isKey) {
    if (part === "title") return offers(["en", "ru"]);
    if (part === "mask") return index === undefined ? maskPlaces(resource, catalog) : offers(["redact"]);
    return part === "when" ? operatorOffers(catalog) : [];
  }
  switch (part) {
    case "effect":
      return offers(["allow", "deny"]);
    case "resource":
      return [...catalog.types.map(({ name }) => ({ label: name, detail: catalog.typeWords(name) })), { label: "*" }];
    case "actions":
      return actionOffers(resource, catalog);
    case "sections":
      return catalog
        .typeOf(resource)
        .sections.map(({ name }) => ({ label: name, detail: catalog.sectionWords(resource, name) }));
    case "mask":
      return offers(inside === "redact" ? ["all", "keep-last-2", "keep-last-4"] : ["omit"]);
    case "when":
      return operandOffers(steps, siblings, resource, catalog);
    default:
      return [];
  }
}

const actionOffers = (resource: string, catalog: Catalog): readonly Offer[] => [
  ...catalog.typeOf(resource).actions.map(({ name }) => ({ label: name, detail: catalog.actionWords(resource, name) })),
  { label: "*", detail: catalog.actionWords(resource, "*") },
];

const maskPlaces = (resource: string, catalog: Catalog): readonly Offer[] =>
  catalog.typeOf(resource).sections.flatMap((section) =>
    section.fields.map(({ name }) => ({
      label: `${section.name}.${name}`,
      detail: catalog.fieldWords(resource, name),
    })),
  );

const operatorOffers = ({ say }: Catalog): readonly Offer[] => [
  ...offers(["and", "or", "not"]),
  ...leafOps.map((op) => ({ label: op, detail: say(`access.op.${op}`) })),
];

function operandOffers(
  steps: Spot["steps"],
  siblings: readonly string[],
  resource: string,
  catalog: Catalog,
): readonly Offer[] {
  if (steps.includes("within") && steps.at(-2) === "days") return offers(weekdays);
  if (steps.at(-1) === "zone") return offers(Intl.supportedValuesOf("timeZone"));
  const attributes = catalog
    .attributesFor(resource)
    .map(({ name }) => ({ label: name, detail: catalog.attributeWords(name, resource) }));
  const beside = siblings.find((text) => attributePattern.test(text));
  const about = beside === undefined ? undefined : catalog.attributeOf(beside, resource);
  const named = about?.of && about.of !== "person" ? catalog.namesOf(about.of) : [];
  return [
    ...(about?.options ?? []).map(({ value }) => ({ label: value, detail: catalog.valueWords(value, about) })),
    ...named.map(({ value, label }) => ({ label: value, detail: label })),
    ...attributes,
  ];
}

function exampleOffers({ steps, isKey }: Spot, resource: string, catalog: Catalog): readonly Offer[] {
  const [, , part] = steps;
  if (isKey) {
    const prefix = { subject: "sub.", resource: "obj.", context: "ctx." }[String(part)];
    if (part === undefined) return offers(exampleKeys);
    return catalog
      .attributesFor(resource)
      .filter(({ name }) => prefix !== undefined && name.startsWith(prefix))
      .map(({ name, attribute }) => ({ label: attribute.name, detail: catalog.attributeWords(name, resource) }));
  }
  if (part === "expect") return offers(["allow", "deny"]);
  if (part === "action") return actionOffers(resource, catalog);
  if (part === "field")
    return maskPlaces(resource, catalog).map(({ label, detail = "" }) => ({
      label: label.slice(label.indexOf(".") + 1),
      detail,
    }));
  return [];
}

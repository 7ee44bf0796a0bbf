import type {
  Access,
  AttributeKind,
  Context,
  Decision,
  FieldAccess,
  Policy,
  RelatedAttribute,
  ResourceInstance,
  ResourceType,
  SqlPredicate,
  Subject,
  SubjectAccess,
} from "./access.model.ts";
import type { ConditionNode } from "./condition.bind.ts";
import type { Attributes } from "./condition.decide.ts";
import { attributesIn } from "./condition.walk.ts";
import { contextSignatureOf } from "./context.signature.ts";
import { decide, maskFor, mayDo, UNKNOWN_ACTION, UNKNOWN_TYPE } from "./decide.ts";
import { isAllowed } from "./decision.diagram.ts";
import { explainAction, type Explanation } from "./explain.ts";
import { filterPlans, isPossible } from "./filter.ts";
import type { Mask } from "./mask.ts";
import { TextTable } from "./text.table.ts";
import { type ActionPlan, type ActionPlans, compilePlans, conditionsOfPlans } from "./plan.ts";
import { refusedBy } from "./refusal.ts";
import { createSpecialiser, type View } from "./specialise.ts";
import { nextChangeOf, nextChangeOfType, type TypeTurn } from "./turn.ts";

export interface AccessEngine {
  /** Which published set this is. */
  readonly rev: string;
  readonly policies: readonly Policy[];
  readonly resources: readonly ResourceType[];
  /** Once per record and subject; the answers it gives are looked up. */
  accessTo(subject: Subject, resource: ResourceInstance, context: Context): Access;
  may(subject: Subject, action: string, resource: ResourceInstance, context: Context): Decision;
  /** For whoever asks about many records: what is decided by subject and context is found once. */
  accessOf(subject: Subject, context: Context): SubjectAccess;
  /** Selects the rows that `may` allows (POL-4); with a field, those where it is plain to this action. */
  filter(subject: Subject, action: string, resourceType: string, context: Context, field?: string): SqlPredicate;
  /** False when no resource of the type could ever be allowed: for hiding a "New" button. True promises nothing. */
  couldEver(subject: Subject, action: string, resourceType: string, context: Context): boolean;
  /** POL-6: the next moment at which time alone changes what applies here; undefined: never. May be too early, never too late. */
  nextChange(subject: Subject, resource: ResourceInstance, context: Context): string | undefined;
  /** The same for all records of a type. */
  nextChangeOfType(subject: Subject, resourceType: string, context: Context): TypeTurn;
  /** With everything in it; `hintOf` gives what its own subject may be told. */
  explain(subject: Subject, action: string, resource: ResourceInstance, context: Context, field?: string): Explanation;
  /**
   * Equal for two contexts that no policy of this set can tell apart, but by time and channel; "" where no policy asks for
   * more of the context than these two.
   */
  contextSignature(context: Context): string;
  /** What policies ask of other records, one relation away: `counterparty.country`. Instances must carry these. */
  relatedAttributesOf(resourceType: string): readonly RelatedAttribute[];
  /** The checked conditions of the policies that concern a type, by policy: for what reads them without deciding. */
  conditionsOf(resourceType: string): ReadonlyMap<Policy, ConditionNode | undefined>;
}

export interface AccessEngineParts {
  /** Parsed: a policy that does not fit the types throws here. */
  readonly policies: readonly Policy[];
  readonly resources: readonly ResourceType[];
  readonly rev: string;
  readonly subjectAttributes?: Readonly<Record<string, AttributeKind>>;
}

export function createAccessEngine({
  policies,
  resources,
  rev,
  subjectAttributes = {},
}: AccessEngineParts): AccessEngine {
  const plansByType = compilePlans(policies, resources, subjectAttributes);
  const conditionsByType = new Map([...plansByType].map(([name, plans]) => [name, conditionsOfPlans(plans)]));
  const relatedByType = new Map(
    resources.map((type) => [type.name, relatedIn(type, conditionsByType.get(type.name) ?? NO_CONDITIONS)]),
  );

  const specialiser = createSpecialiser();
  const namedPlans: NamedPlans = new TextTable(
    new Map([...plansByType].map(([name, plans]) => [name, new TextTable(plans)])),
  );
  const accessOf = (subject: Subject, context: Context) =>
    new AccessOfSubject(namedPlans, specialiser.viewOf(subject, context), subject, context);

  const plansOf = (type: string): ActionPlans => {
    const plans = plansByType.get(type);
    if (!plans) throw new Error(`no resource type is named "${type}"`);
    return plans;
  };

  return {
    rev,
    policies,
    resources,
    accessTo: (subject, resource, context) => accessOf(subject, context).to(resource),
    accessOf,
    may: (subject, action, resource, context) => {
      const plans = plansByType.get(resource.type);
      if (plans === undefined) return UNKNOWN_TYPE;
      const plan = plans.get(action);
      if (plan === undefined) return UNKNOWN_ACTION;
      return mayDo(plan, specialiser.viewOf(subject, context), subject, resource.attributes, context);
    },
    filter: (subject, action, type, context, field) => filterPlans(plansOf(type), { subject, action, context, field }),
    couldEver: (subject, action, type, context) => isPossible(plansOf(type), { subject, action, context }),
    nextChange: (subject, resource, context) => nextChangeOf(plansOf(resource.type), subject, resource, context),
    nextChangeOfType: (subject, type, context) => nextChangeOfType(plansOf(type), subject, context),
    explain: (subject, action, resource, context, field) =>
      explainAction(plansOf(resource.type), specialiser.viewOf(subject, context), {
        subject,
        action,
        resource,
        context,
        field,
      }),
    contextSignature: contextSignatureOf(conditionsByType),
    relatedAttributesOf: (type) => relatedByType.get(type) ?? [],
    conditionsOf: (type) => conditionsByType.get(type) ?? NO_CONDITIONS,
  };
}

function relatedIn(
  { relations = {} }: ResourceType,
  conditions: ReadonlyMap<Policy, ConditionNode | undefined>,
): readonly RelatedAttribute[] {
  const attributes = [...conditions.values()].flatMap((condition) => (condition ? attributesIn(condition) : []));
  const names = new Set(attributes.filter(({ from }) => from === "obj").map(({ name }) => name));
  return [...names].sort().flatMap((name) => {
    const [relation = "", attribute] = name.split(".");
    const type = relations[relation];
    return attribute === undefined || type === undefined ? [] : [{ name, relation, attribute, type }];
  });
}

const NO_CONDITIONS: ReadonlyMap<Policy, ConditionNode | undefined> = new Map();

type NamedPlans = TextTable<TextTable<ActionPlan>>;

class AccessOfSubject implements SubjectAccess {
  readonly #plans: NamedPlans;
  readonly #view: View;
  readonly #diagrams: View["diagrams"];
  readonly #subject: Subject;
  readonly #context: Context;

  constructor(plans: NamedPlans, view: View, subject: Subject, context: Context) {
    this.#plans = plans;
    this.#view = view;
    this.#diagrams = view.diagrams;
    this.#subject = subject;
    this.#context = context;
  }

  to({ type, attributes }: ResourceInstance): Access {
    const plans = this.#plans.get(type);
    return plans ? new ResourceAccess(plans, this.#view, this.#subject, attributes, this.#context) : NO_ACCESS;
  }

  may(action: string, { type, attributes }: ResourceInstance): boolean {
    const plan = this.#plans.get(type)?.get(action);
    if (plan === undefined) return false;
    const diagram = this.#diagrams[plan.index] ?? this.#view.diagramFor(plan);
    if (diagram !== undefined) return isAllowed(diagram, this.#subject, attributes, this.#context);
    return mayDo(plan, this.#view, this.#subject, attributes, this.#context).allowed;
  }
}

class ResourceAccess implements Access {
  readonly readable: boolean;
  readonly #plans: TextTable<ActionPlan>;
  readonly #read: Mask | undefined;
  readonly #subject: Subject;
  readonly #object: Attributes;
  readonly #context: Context;
  readonly #view: View;
  #edit: Mask | undefined;
  #create: Mask | undefined;

  constructor(plans: TextTable<ActionPlan>, view: View, subject: Subject, object: Attributes, context: Context) {
    this.#plans = plans;
    this.#view = view;
    this.#subject = subject;
    this.#object = object;
    this.#context = context;
    this.#read = this.#maskOf("read");
    this.readable = this.#read?.granted ?? false;
  }

  get maskKey(): string {
    return this.#read?.key ?? NO_ACCESS.maskKey;
  }

  field(name: string): FieldAccess {
    return this.#read?.fields.get(name) ?? "absent";
  }

  visibleFields(): readonly string[] {
    return this.#read?.names ?? [];
  }

  may(action: string): boolean {
    if (action === "read") return this.readable;
    const plan = this.#plans.get(action);
    if (plan === undefined || (!this.readable && plan.read !== undefined)) return false;
    const diagram = this.#view.diagramFor(plan);
    if (diagram !== undefined) return isAllowed(diagram, this.#subject, this.#object, this.#context);
    return decide(this.#view.planFor(plan), this.#subject, this.#object, this.#context).allowed;
  }

  editable(field: string): boolean {
    if (this.field(field) !== "visible") return false;
    this.#edit ??= this.#maskOf("edit");
    return this.#edit?.fields.get(field) === "visible";
  }

  fillable(field: string): boolean {
    if (this.readable && this.field(field) !== "visible") return false;
    this.#create ??= this.#maskOf("create");
    return this.#create?.fields.get(field) === "visible";
  }

  why(action: string, field?: string): string | undefined {
    const isRead = action === "read" || (field === undefined ? !this.readable : this.field(field) !== "visible");
    const own = this.#plans.get(action);
    const plan = isRead ? (own?.read ?? own) : own;
    return plan && refusedBy(plan, this.#subject, this.#object, this.#context, field);
  }

  #maskOf(action: string): Mask | undefined {
    const plan = this.#plans.get(action);
    if (plan === undefined) return undefined;
    return maskFor(this.#view.planFor(plan), this.#subject, this.#object, this.#context);
  }
}

const NO_ACCESS: Access = {
  readable: false,
  field: () => "absent",
  visibleFields: () => [],
  may: () => false,
  editable: () => false,
  fillable: () => false,
  why: () => undefined,
  maskKey: "-",
};

import { isObject, isDomainError, type Json } from "@kontor/shared/base";
import { evaluate, type Asker } from "./authzen.decide.ts";
import { evaluationSchema, type AuthzenDecision, type EvaluationsRequest } from "./authzen.schema.ts";

const AT_ONCE = 16; // questions whose rows are read side by side; the pool has ten connections by default

type Semantic = NonNullable<NonNullable<EvaluationsRequest["options"]>["evaluations_semantic"]>;
const endsAt = {
  execute_all: undefined,
  deny_on_first_deny: false,
  permit_on_first_permit: true,
} satisfies Record<Semantic, boolean | undefined>;

/** Answers in the order of the questions, up to the one at which the semantic ends. */
export async function evaluateAll(asker: Asker, request: EvaluationsRequest): Promise<AuthzenDecision[]> {
  const { evaluations = [], options } = request;
  const end = endsAt[options?.evaluations_semantic ?? "execute_all"];
  const answers: AuthzenDecision[] = [];
  for (let at = 0; at < evaluations.length; at += AT_ONCE) {
    const some = await Promise.all(
      evaluations.slice(at, at + AT_ONCE).map((own) => evaluateOne(asker, withDefaults(request, own))),
    );
    const last = end === undefined ? -1 : some.findIndex(({ decision }) => decision === end);
    answers.push(...(last === -1 ? some : some.slice(0, last + 1)));
    if (last !== -1) break;
  }
  return answers;
}

/** An error of one question is its own: it is denied and says why, and the others are answered. */
async function evaluateOne(asker: Asker, question: unknown): Promise<AuthzenDecision> {
  const parsed = evaluationSchema.safeParse(question);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return failed(400, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not valid"}`);
  }
  try {
    return await evaluate(asker, parsed.data);
  } catch (error) {
    if (isDomainError(error) && error.code === "forbidden") return failed(403, error.message);
    throw error;
  }
}

const failed = (status: number, message: string): AuthzenDecision => ({
  decision: false,
  context: { error: { status, message } },
});

/** What is required of each of them, and taken from the top where a question leaves it out. */
const required = { subject: ["type", "id"], action: ["name"], resource: ["type", "id"] } as const;

/** A question's own entity replaces the one at the top, but for what each must have. */
function withDefaults(top: EvaluationsRequest, own: Readonly<Record<string, Json>>): Record<string, unknown> {
  const merged: Record<string, unknown> = { context: own.context ?? top.context };
  for (const [entity, keys] of Object.entries(required)) {
    const given = own[entity];
    const standing = top[entity as keyof typeof required] as Readonly<Record<string, Json>> | undefined;
    merged[entity] = !isObject(given)
      ? (given ?? standing)
      : { ...Object.fromEntries(keys.flatMap((key) => entryOf(standing, key))), ...given };
  }
  return merged;
}

const entryOf = (from: Readonly<Record<string, Json>> | undefined, key: string) =>
  from?.[key] === undefined ? [] : [[key, from[key]] as const];

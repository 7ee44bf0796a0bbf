import type { Context, Subject } from "./access.model.ts";
import type { Attribute, BinaryNode, ConditionNode, Now, Term } from "./condition.bind.ts";
import { type Attributes, compileCondition, compileTerm } from "./condition.decide.ts";
import { dayIn, shiftedDate, shiftedMoment } from "./time.shift.ts";
import { DAY, momentsAround } from "./time.zone.ts";

/**
 * A fourth reading: when the outcome of a condition may turn by the passing of time alone (POL-6). It gives moments after
 * now among which the next turn is; a moment too many costs a decision, one too few would leave access open.
 */
export interface Asked {
  readonly subject: Subject;
  /** Absent: of any record. */
  readonly object: Attributes | undefined;
  readonly context: Context;
}

export interface Turns {
  readonly moments: readonly number[];
  /** Attributes of records that are compared with now, where no record is given. */
  readonly byRecord: readonly string[];
}

const NONE: Turns = { moments: [], byRecord: [] };
const YEAR_9999 = Date.UTC(9999, 11, 31);

export function turnsOf(node: ConditionNode, asked: Asked): Turns {
  switch (node.op) {
    case "and":
    case "or":
      if (node.of.some((part) => isSettled(part, asked, node.op === "or"))) return NONE;
      return unionOf(node.of.map((part) => turnsOf(part, asked)));
    case "not":
      return turnsOf(node.of[0], asked);
    case "exists":
      return NONE;
    case "cidr":
    case "matches":
    case "within":
      if (!isClock(node.left)) return NONE;
      return { moments: node.check.turnsAfter?.(Date.parse(asked.context.time)) ?? [], byRecord: [] };
    default:
      return turnsOfComparison(node, asked);
  }
}

export const unionOf = (all: readonly Turns[]): Turns => ({
  moments: all.flatMap(({ moments }) => moments),
  byRecord: [...new Set(all.flatMap(({ byRecord }) => byRecord))],
});

/** Whether this part has an outcome that settles the whole and that time cannot change. */
function isSettled(part: ConditionNode, { subject, object, context }: Asked, outcome: boolean): boolean {
  const depends = (term: Term) => isMoving(term) || (term.from === "obj" && object === undefined);
  const isOpen = (node: ConditionNode): boolean => {
    if ("of" in node) return node.of.some(isOpen);
    return depends(node.left) || ("right" in node && depends(node.right));
  };
  return !isOpen(part) && compileCondition(part)(subject, object ?? {}, context) === outcome;
}

type Moving = Now | (Attribute & { readonly from: "ctx"; readonly name: "time" });
const isClock = (term: Term): boolean => term.from === "ctx" && term.name === "time";
const isMoving = (term: Term): term is Moving => term.from === "now" || isClock(term);

function turnsOfComparison({ left, right }: BinaryNode, asked: Asked): Turns {
  const [moving, other] = isMoving(left) ? [left, right] : [right, left];
  if (!isMoving(moving) || isMoving(other)) return NONE;
  if (other.from === "obj" && !asked.object) return { moments: [], byRecord: [other.name] };
  const value = compileTerm(other)(asked.subject, asked.object ?? {}, asked.context);
  const values = (Array.isArray(value) ? value : [value]) as readonly (string | undefined)[];
  const now = Date.parse(asked.context.time);
  const moments = values.flatMap((passed) => (passed === undefined ? [] : momentsOfPassing(moving, passed, now)));
  return { moments: moments.filter((moment) => moment > now), byRecord: [] };
}

/** When what moves reaches this value, leaves it behind, and leaves the calendar. */
function momentsOfPassing(moving: Moving, passed: string, now: number): readonly number[] {
  if (moving.from === "now" && moving.family === "date") {
    const { shift } = moving;
    const today = dayIn(shift.zone, now);
    const days = passings(today, YEAR_9999 / DAY, (day) => shiftedDate(day, shift), passed);
    // Where a clock is put back over midnight, a day ends twice.
    return [today, today + 1, ...days].flatMap((day) => momentsAround(shift.zone, day * DAY));
  }
  const shift = moving.from === "now" ? moving.shift : { months: 0, days: 0, milliseconds: 0, zone: "UTC" };
  return passings(now, YEAR_9999, (time) => shiftedMoment(time, shift), passed);
}

function passings(
  from: number,
  to: number,
  valueAt: (place: number) => string | undefined,
  passed: string,
): readonly number[] {
  const tests = [
    (value: string | undefined) => value === undefined || value >= passed,
    (value: string | undefined) => value === undefined || value > passed,
    (value: string | undefined) => value === undefined,
  ];
  return tests.flatMap((test) => {
    if (test(valueAt(from)) || !test(valueAt(to))) return [];
    let [low, high] = [from, to];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (test(valueAt(middle))) high = middle;
      else low = middle;
    }
    return [high];
  });
}

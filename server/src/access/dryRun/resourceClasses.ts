import type { Comparison, Distinctions, Subject } from "@kontor/shared/access";
import { canonicalJson, type Json } from "@kontor/shared/base";
import type { SourceRow } from "./resourceSource.port.ts";

/**
 * The resources of one type as classes that the policies of both sets cannot tell apart: whatever is decided of one of a
 * class is decided of all. A class is a column of small numbers, one for the outcomes that are the same for everybody and one
 * for each attribute that is compared with subjects; so that deciding for a subject is looking up.
 */
export interface ResourceClasses {
  readonly size: number;
  readonly resources: number;
  /** By class: how many resources it has. */
  readonly counts: Uint32Array;
  readonly fixed: Dimension;
  readonly dimensions: readonly ComparedDimension[];
  /** One resource of the class. */
  exampleOf(index: number): SourceRow["attributes"];
  samplesOf(index: number): readonly string[];
}

export interface Dimension {
  /** How many values there are. */
  readonly size: number;
  /** By class: which value it has. */
  readonly values: Uint32Array;
}

export interface ComparedDimension extends Dimension {
  readonly comparison: Comparison;
  /** A resource with this value. */
  exampleOf(value: number): SourceRow["attributes"];
  /** The value that only some subjects can tell from the others; undefined: no resource has it. */
  find(text: string): number | undefined;
  /** What resources without such a value have; undefined: there are none. */
  readonly missing: number | undefined;
}

/** Of one class; what is shown of a type to one person is not more. */
export const MAX_SAMPLES = 5;
/** About 400 MB. Policies that tell so many kinds of records apart compare every record with something of everybody. */
const MAX_CLASSES = 1_000_000;

export class TooManyClasses extends Error {}

export interface ClassCollector {
  add(row: SourceRow): void;
  finish(): ResourceClasses;
}

/** Values that none of the subjects can tell from others are one: most records concern a few people. */
export function collectClasses(distinctions: Distinctions, subjects: readonly Subject[]): ClassCollector {
  const fixed = createColumn();
  const columns = distinctions.compared.map((comparison) => comparedColumn(comparison, subjects));
  const classes = new Map<string, number>();
  const counts: number[] = [];
  const examples: SourceRow["attributes"][] = [];
  const samples: string[][] = [];
  let resources = 0;

  function add({ id, attributes }: SourceRow): void {
    resources += 1;
    const fixedValue = fixed.valueOf(distinctions.fixed(attributes));
    let key = String(fixedValue);
    const values = columns.map((column) => column.valueOf(attributes));
    for (const value of values) key += `,${value}`;
    const known = classes.get(key);
    if (known !== undefined) {
      counts[known] = (counts[known] ?? 0) + 1;
      const ids = samples[known];
      if (ids && ids.length < MAX_SAMPLES) ids.push(id);
      return;
    }
    if (classes.size >= MAX_CLASSES) throw new TooManyClasses();
    classes.set(key, counts.length);
    counts.push(1);
    examples.push(attributes);
    samples.push([id]);
    fixed.values.push(fixedValue);
    for (const [index, column] of columns.entries()) column.values.push(values[index] ?? 0);
  }

  return {
    add,
    finish: () => ({
      size: counts.length,
      resources,
      counts: Uint32Array.from(counts),
      fixed: { size: fixed.size(), values: Uint32Array.from(fixed.values) },
      dimensions: columns.map((column) => column.finish()),
      exampleOf: (index) => examples[index] ?? {},
      samplesOf: (index) => samples[index] ?? [],
    }),
  };
}

function createColumn() {
  const known = new Map<string, number>();
  return {
    values: [] as number[],
    size: () => known.size,
    find: (key: string) => known.get(key),
    valueOf(key: string): number {
      const value = known.get(key);
      if (value !== undefined) return value;
      known.set(key, known.size);
      return known.size - 1;
    },
  };
}

function comparedColumn(comparison: Comparison, subjects: readonly Subject[]) {
  const { valuesOf } = comparison;
  const told = valuesOf && new Set(subjects.flatMap((subject) => valuesOf(subject)));
  const column = createColumn();
  const examples: SourceRow["attributes"][] = [];
  const keyOf = (value: unknown): string => {
    if (value === undefined) return MISSING;
    if (!told) return VALUE + canonicalJson(value as Json);
    return told.has(value as string) ? VALUE + String(value) : OTHER;
  };
  return {
    values: column.values,
    valueOf(attributes: SourceRow["attributes"]): number {
      const value = column.valueOf(keyOf(comparison.read(attributes)));
      if (value === examples.length) examples.push(attributes);
      return value;
    },
    finish: (): ComparedDimension => ({
      comparison,
      size: column.size(),
      values: Uint32Array.from(column.values),
      exampleOf: (value) => examples[value] ?? {},
      find: (text) => column.find(VALUE + text),
      missing: column.find(MISSING),
    }),
  };
}

const MISSING = "missing";
const OTHER = "other";
const VALUE = "=";

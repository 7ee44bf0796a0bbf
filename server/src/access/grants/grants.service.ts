import { withGrants, type ActiveGrant, type FileSections, type Subject } from "@kontor/shared/access";
import type { Clock } from "@kontor/shared/base";
import type { TypeDefinition } from "@kontor/shared/objects";
import type { Database, Transaction } from "#kernel";
import { activeGrants } from "./grants.repo.ts";

export interface KnownTypes {
  get(name: string): TypeDefinition | undefined;
  all(): readonly TypeDefinition[];
}

export type LoadSubject = (db: Database | Transaction, userId: string) => Promise<Subject | undefined>;

/**
 * Subjects with what is granted to them for a time. It ends without anybody doing anything: `validUntil` says when this
 * subject has to be loaded again (POL-6), and until then whoever asks gets what holds now.
 */
export function createGrantedSubjects({
  clock,
  types,
  loadSubject,
}: {
  readonly clock: Clock;
  readonly types: KnownTypes;
  readonly loadSubject: LoadSubject;
}): LoadSubject {
  const fileSections = fileSectionsOf(types);
  return async (db, userId) => {
    const subject = await loadSubject(db, userId);
    if (!subject) return undefined;
    const grants = await activeGrants(db, userId, new Date(clock.now()).toISOString());
    return subjectWith(subject, grants, fileSections);
  };
}

export function subjectWith(subject: Subject, grants: readonly ActiveGrant[], fileSections: FileSections): Subject {
  const ends = [...grants.map(({ until }) => until), ...(subject.validUntil === undefined ? [] : [subject.validUntil])];
  const [first] = ends.toSorted();
  const attributes = withGrants(subject.attributes, grants, fileSections) as Subject["attributes"];
  return { ...subject, attributes, ...(first !== undefined && { validUntil: first }) };
}

export const fileSectionsOf =
  (types: KnownTypes): FileSections =>
  (name) => {
    const type = types.get(name);
    if (!type) return [];
    const fields = Object.values(type.fields).filter(({ kind }) => kind === "files");
    return [...new Set(fields.map(({ section }) => section ?? type.sections[0]?.key ?? ""))];
  };

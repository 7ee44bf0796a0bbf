import type { Policy } from "@kontor/shared/access";
import { DomainError, type Label } from "@kontor/shared/base";
import { faultsOfSubjectAttributes, type SubjectAttributes } from "@kontor/shared/people";
import { checkTypes, type TypeDefinition } from "@kontor/shared/objects";

/** What a configuration developer hands over: types and the policies that open them. */
export interface Pack {
  readonly name: string;
  readonly title: Label;
  readonly types: readonly TypeDefinition[];
  readonly policies: readonly Policy[];
  /** What policies may ask of people and services beyond the built-in attributes: `sub.<name>`. */
  readonly subjectAttributes?: SubjectAttributes;
}

/**
 * Checks what only the whole can tell: relations lead somewhere and ids are unique. Whether the policies fit the types
 * is checked by the access engine, with the types of people and of the system, when the set is published (POL-8).
 */
export function definePack(pack: Pack): Pack {
  checkTypes(pack.types);
  const [fault] = faultsOfSubjectAttributes(pack.subjectAttributes ?? {});
  if (fault !== undefined)
    throw new DomainError("invalid", `Pack ${pack.name}, subject attributes: ${fault}.`, { reason: "pack.invalid" });
  const ids = new Set<string>();
  for (const { id } of pack.policies) {
    if (ids.has(id))
      throw new DomainError("invalid", `Pack ${pack.name}: two policies have the id ${id}.`, {
        reason: "pack.invalid",
      });
    ids.add(id);
  }
  return pack;
}

/** For the compiler's sake and the reader's; the engine checks it against the types. */
export const definePolicy = (policy: Policy): Policy => policy;

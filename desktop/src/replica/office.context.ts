import type { JsonObject } from "@kontor/shared/base";
import type { TypeDefinition } from "@kontor/shared/objects";
import type { BoundRows, ViewContext } from "./collections.ts";

/** What views ask about besides their own row: the types, and the person at this device. */
export interface OfficeContext extends ViewContext {
  /** How uploads stand, by file; asked only for files that have one. */
  setUploads(uploads: ReadonlyMap<string, JsonObject>): void;
}

export function createOfficeContext(userId: string): OfficeContext {
  let rows: BoundRows | undefined;
  let types: Map<string, TypeDefinition> | undefined;
  let uploads: ReadonlyMap<string, JsonObject> = new Map();

  function readTypes(): Map<string, TypeDefinition> {
    const docs = (rows?.collection("types")?.querySync({ selector: {} }) ?? []) as unknown as readonly {
      readonly definition: TypeDefinition;
    }[];
    return new Map(docs.map(({ definition }) => [definition.name, definition]));
  }

  return {
    userId,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    get department() {
      const [me] = (rows?.collection("people")?.findByIdsSync([userId]) ?? []) as unknown as readonly JsonObject[];
      const department = me?.["departmentId"];
      return typeof department === "string" ? department : null;
    },
    typeNamed(name) {
      types ??= readTypes();
      return types.get(name);
    },
    rowsChanged(collection) {
      if (collection === "types") types = undefined;
    },
    uploadOf: (fileId) => uploads.get(fileId),
    bind(next) {
      rows = next;
      types = undefined;
    },
    setUploads(next) {
      uploads = next;
    },
  };
}

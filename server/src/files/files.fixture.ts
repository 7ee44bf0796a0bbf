import type { TypeRegistry } from "#objects";
import { createRecordAccess } from "../objects/record.port.ts";
import { createFileRows } from "./fileRows.ts";
import { createFilePlaces } from "./place.port.ts";
import { createRecordPlace } from "./record.place.ts";

/** Files of records alone, as the server wires them. */
export function recordFiles(types: TypeRegistry) {
  const places = createFilePlaces([createRecordPlace({ parent: createRecordAccess({ types }) })]);
  return { places, rows: createFileRows({ places }) };
}

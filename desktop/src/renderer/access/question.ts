import type { RecordDoc } from "@kontor/shared/objects";

/** What somebody wants to know: why an act, or seeing something, is not open to them. */
export interface AccessQuestion {
  /** The type's name. */
  readonly type: string;
  readonly recordId: string;
  /** read, edit, delete, attach, restore or `transition:<key>`. */
  readonly act: string;
  readonly section?: string;
  readonly field?: string;
}

/** The policy to be named, as the server sent it with the record; see `RecordCan.why`. */
export function policyBehind(
  { can }: Pick<RecordDoc, "can">,
  { act, section }: Pick<AccessQuestion, "act" | "section">,
): string | undefined {
  const wanted = act === "edit" || act === "read" ? [act, `${act}:${section ?? ""}`] : [act];
  const whole = act === "edit" && section === undefined;
  const found = Object.entries(can.why ?? {}).find(([, acts]) =>
    acts.some((each) => wanted.includes(each) || (whole && each.startsWith("edit:"))),
  );
  return found?.[0];
}

export { FieldEditor } from "./FieldEditor.tsx";
export type { EditorProps } from "./FieldEditor.tsx";
export { rawToValue, valueToRaw } from "./rawValue.ts";

export type {
  ChoiceOption,
  FieldDefinition,
  FieldKind,
  ListLayout,
  RecordCheck,
  SectionDefinition,
  StateMachine,
  Tone,
  TransitionDefinition,
  TypeDefinition,
} from "./type.ts";
export type { FieldConflict, HistoryChange, HistoryDoc, RecordCan, RecordDoc } from "./record.docs.ts";
export { recordIntentSchemas } from "./record.intents.ts";
export type { RecordIntentArgs, RecordIntentName } from "./record.intents.ts";

export { RulesEditor } from "./RulesEditor.tsx";

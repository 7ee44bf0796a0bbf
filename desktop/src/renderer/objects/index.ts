export { ObjectsView } from "./ObjectsView.tsx";
export { RecordWindow } from "./RecordWindow.tsx";

export { FilesSection } from "./FilesSection.tsx";
export { canView } from "./file.state.ts";
export { Viewer } from "./Viewer.tsx";

export { FilesSection } from "./FilesSection.tsx";
export { canView } from "./file.state.ts";
export { useSaveProgram } from "./useSaveProgram.tsx";
export { Viewer } from "./Viewer.tsx";

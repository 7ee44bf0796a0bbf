export { FilesSection } from "./FilesSection.tsx";
export { canView } from "./file.state.ts";
export { useSaveProgram } from "./useSaveProgram.tsx";
export { extensionOf, useThumbnail } from "./useThumbnail.ts";
export { Viewer } from "./Viewer.tsx";

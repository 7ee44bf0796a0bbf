export { FilesSection } from "./FilesSection.tsx";

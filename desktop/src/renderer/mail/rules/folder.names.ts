import type { FolderDoc } from "@kontor/shared/mail";
import type { Words } from "../../words/index.ts";
import { roleWords } from "../places/folder.icons.tsx";

/** Folders in which messages may be put, with the way to each of them, by id; as people find them: the known ones first. */
export function folderNames(folders: readonly FolderDoc[], t: Words["t"]): ReadonlyMap<string, string> {
  const byId = new Map(folders.map((folder) => [folder.id, folder]));
  const nameOf = (folder: FolderDoc): string => (folder.role ? t(roleWords[folder.role]) : folder.name);
  const pathOf = (folder: FolderDoc): string => {
    const names: string[] = [];
    // A circle that two devices made together would never end.
    const seen = new Set<string>();
    for (let at: FolderDoc | undefined = folder; at && !seen.has(at.id); at = byId.get(at.parentId ?? "")) {
      seen.add(at.id);
      names.unshift(nameOf(at));
    }
    return names.join(" / ");
  };
  const order = (folder: FolderDoc) => (folder.role ? 0 : 1);
  return new Map(
    folders
      .filter(({ role }) => role !== "drafts" && role !== "outbox")
      .map((folder) => ({ folder, path: pathOf(folder) }))
      .toSorted((a, b) => order(a.folder) - order(b.folder) || a.path.localeCompare(b.path))
      .map(({ folder: { id }, path }) => [id, path]),
  );
}

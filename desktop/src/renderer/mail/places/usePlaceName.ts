import type { MailBoxes, MailPlace, ReplicaFolder } from "#contract";
import { useWords } from "../../words/index.ts";
import { markWords, roleWords } from "./folder.icons.tsx";

export function useFolderName(): (folder: Pick<ReplicaFolder, "role" | "name">) => string {
  const { t } = useWords();
  return ({ name, role }) => (role ? t(roleWords[role]) : name);
}

export function usePlaceName(): (place: MailPlace, boxes: MailBoxes | undefined) => string {
  const { t } = useWords();
  const folderName = useFolderName();
  return (place, boxes) => {
    if (place.at === "role") return t(roleWords[place.role]);
    if (place.at !== "folder") return t(markWords[place.at]);
    const folder = boxes?.folders.find(({ id }) => id === place.folderId);
    return folder ? folderName(folder) : t("mail.folder.gone");
  };
}

import type { ReplicaFolder } from "#contract";

/**
 * Folders without those that lie in one that is gone here: the server takes what is in a folder along with it, and says so later. One whose
 * folder has not come from the server yet stays.
 */
export function withoutLost(
  folders: readonly ReplicaFolder[],
  isOnServer: (folderId: string) => boolean,
): readonly ReplicaFolder[] {
  const here = new Map(folders.map((folder) => [folder.id, folder]));
  const lost = new Map<string, boolean>();
  const isLost = ({ id, parentId }: ReplicaFolder): boolean => {
    const known = lost.get(id);
    if (known !== undefined || parentId === undefined) return known ?? false;
    lost.set(id, false); // a ring of folders is not lost
    const parent = here.get(parentId);
    const answer = parent ? isLost(parent) : isOnServer(parentId);
    lost.set(id, answer);
    return answer;
  };
  return folders.filter((folder) => !isLost(folder));
}

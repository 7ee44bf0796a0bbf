import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Clock } from "@kontor/shared/base";
import {
  openReplicaFile,
  ReplicaDamaged,
  setAsideReplicaFile,
  type DatabaseOptions,
  type ReplicaFile,
} from "#replica/storage";

/** Told to the user once: the replica was damaged, and is being filled again from the server. */
export interface Rebuilt {
  readonly at: string;
  readonly setAsideAs: string;
}

export interface OpenedFile {
  readonly file: ReplicaFile;
  readonly rebuilt?: Rebuilt;
  /** The next opening sets the file aside. */
  markDamaged(): void;
}

/**
 * Opens the replica's file. A damaged one is set aside for support to look at, and never used again; what it held comes
 * from the server. A wrong key is not damage and is passed on.
 */
export function openFileOrRebuild(options: DatabaseOptions, clock: Clock): OpenedFile {
  const { filename } = options;
  mkdirSync(dirname(filename), { recursive: true });
  const mark = `${filename}.is-damaged`;
  const markDamaged = () => writeFileSync(mark, "");
  if (!existsSync(mark)) {
    try {
      return { file: openReplicaFile(options), markDamaged };
    } catch (error) {
      if (!(error instanceof ReplicaDamaged) || error.code !== "damaged") throw error;
    }
  }
  const at = new Date(clock.now());
  const setAsideAs = basename(setAsideReplicaFile(filename, at));
  const file = openReplicaFile(options);
  rmSync(mark, { force: true });
  return { file, rebuilt: { at: at.toISOString(), setAsideAs }, markDamaged };
}

/** VIS-4: a damaged copy holds what was lost since, and nothing can be purged from it. */
export function removeSetAside(directory: string): void {
  for (const name of readdirSync(directory))
    if (name.startsWith("replica.db.damaged-")) rmSync(join(directory, name), { force: true });
}

import type { CommandError } from "#contract";
import { isDomainError } from "@kontor/shared/base";
import { StorageError } from "#replica/storage";

/** What a window is told of a failure: never more than a code and words. */
export function toCommandError(error: unknown): CommandError {
  if (isDomainError(error)) {
    const { reason, problems } = error.details;
    return { code: error.code, reason, message: error.message, ...(problems ? { problems } : {}) };
  }
  if (error instanceof StorageError)
    return { code: "unavailable", reason: `storage.${error.code}`, message: error.message };
  const { code, name } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC") return { code: "unavailable", reason: "storage.full", message: "The disk is full." };
  if (code === "ENOENT")
    return { code: "notFound", reason: "file.missing", message: "The file is not there any more." };
  if (name === "BodyTooLarge") return { code: "tooLarge", reason: "file.tooLarge", message: String(error) };
  return { code: "internal", reason: "replica.internal", message: "Something went wrong on this device." };
}

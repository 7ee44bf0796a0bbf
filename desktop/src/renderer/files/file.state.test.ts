import { describe, expect, it } from "vitest";
import { fileLimits } from "@kontor/shared/files";
import type { ReplicaFile } from "#contract";
import { canView, fileLine, obstacleTo } from "./file.state.ts";

const file: ReplicaFile = {
  id: "f",
  recordId: "r",
  field: "files",
  name: "Contract.docx",
  mime: "application/octet-stream",
  size: 1000,
  sha256: "0".repeat(64),
  state: "stored",
  previewState: "ready",
  pages: 12,
  pageImages: 12,
  createdAt: "",
  createdBy: "anna",
  pending: 0,
};
const line = (change: Partial<ReplicaFile>, isMine = true) => fileLine({ ...file, ...change }, () => "Anna", isMine);

describe("a file's line says where it is", () => {
  it.each<[string, Partial<ReplicaFile>, ReturnType<typeof line>]>([
    ["waiting", { upload: { state: "waiting", sentBytes: 0 } }, { key: "files.waiting" }],
    [
      "uploading",
      { upload: { state: "uploading", sentBytes: 625 } },
      { key: "files.uploading", params: { percent: 62 } },
    ],
    [
      "failed",
      { upload: { state: "failed", sentBytes: 0, reason: "x" } },
      { key: "files.uploadFailed", reason: "x", bad: true },
    ],
    ["checked", { state: "awaiting" }, { key: "files.checking" }],
    ["refused", { state: "refused", refusal: "tooLarge" }, { key: "files.refused.tooLarge", bad: true }],
    ["pending", { previewState: "pending" }, { key: "files.preview.pending" }],
    ["ready", {}, { key: "files.preview.ready", params: { count: 12 } }],
    [
      "encrypted",
      { previewState: "failed", previewReason: "encrypted" },
      { key: "files.preview.encrypted", bad: true },
    ],
  ])("%s", (_name, change, wanted) => expect(line(change)).toEqual(wanted));

  it("names whose upload it waits for", () =>
    expect(line({ state: "awaiting" }, false)).toEqual({ key: "files.notHere", params: { name: "Anna" } }));
});

it("an empty file in upload shows no nonsense", () =>
  expect(line({ size: 0, upload: { state: "uploading", sentBytes: 0 } })).toEqual({
    key: "files.uploading",
    params: { percent: 0 },
  }));

it("can be viewed once there are page images or a PDF", () => {
  expect(canView(file)).toBe(true);
  expect(canView({ ...file, pageImages: 0 })).toBe(false);
  expect(canView({ ...file, pageImages: 0, pdfSha256: "0" })).toBe(true);
  expect(canView({ ...file, previewState: "pending" })).toBe(false);
});

it("names what cannot be added before it is copied", () => {
  expect(obstacleTo({ name: "a.docx", size: 1 })).toBeUndefined();
  expect(obstacleTo({ name: "a.docx", size: fileLimits.maxBytes + 1 })).toBe("files.tooLarge");
  expect(obstacleTo({ name: "a.PDF", size: 1 }, [".docx", ".pdf"])).toBeUndefined();
  expect(obstacleTo({ name: "a.exe", size: 1 }, [".docx", ".pdf"])).toBe("files.wrongKind");
  expect(obstacleTo({ name: "gpj.\u202eexe", size: 1 })).toBe("files.badName");
});

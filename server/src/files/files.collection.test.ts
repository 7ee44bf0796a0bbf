import { describe, expect, it } from "vitest";
import type { Access, FieldAccess } from "@kontor/shared/access";
import { filesCollection as collectionOf } from "./files.collection.ts";
import type { RecordFile } from "./record.place.ts";

const row: RecordFile = {
  id: "018f0000-0000-7000-8000-000000000001",
  record_id: "018f0000-0000-7000-8000-000000000002",
  field: "payslips",
  mail_content_id: null,
  content_id: null,
  inline: false,
  part_position: null,
  as_link: false,
  name: "March.pdf",
  mime: "application/pdf",
  size: 10,
  sha256: "a".repeat(64),
  state: "stored",
  refusal: null,
  preview_state: "ready",
  preview_reason: null,
  preview_format: "pdf",
  pages: 2,
  page_images: 2,
  page_sizes: [
    { width: 595, height: 842 },
    { width: 595, height: 842 },
  ],
  pdf_sha256: "a".repeat(64),
  thumbnail_sha256: "b".repeat(64),
  rev: 3,
  created_at: "2026-03-02T10:00:00.000Z",
  created_by: "018f0000-0000-7000-8000-000000000003",
  deleted_at: null,
  deleted_by: null,
};

const seenAs = (payslips: FieldAccess, readable = true): Access => ({
  readable,
  field: (name) => (name === "payslips" ? payslips : "visible"),
  visibleFields: () => [],
  may: () => true,
  editable: () => true,
  fillable: () => true,
  why: () => undefined,
  maskKey: "",
});

const filesCollection = collectionOf({ parent: { sensitiveOf: async () => [] } });

describe("the feed of files", () => {
  it("gives the row to who sees the field it hangs in", () => {
    expect(filesCollection.project(row, seenAs("visible"))).toEqual({
      id: row.id,
      recordId: row.record_id,
      field: "payslips",
      name: "March.pdf",
      mime: "application/pdf",
      size: 10,
      sha256: row.sha256,
      state: "stored",
      previewState: "ready",
      pages: 2,
      pageImages: 2,
      pageSizes: row.page_sizes,
      pdfSha256: row.pdf_sha256,
      thumbnailSha256: row.thumbnail_sha256,
      createdAt: row.created_at,
      createdBy: row.created_by,
    });
  });

  it("[VIS-2] gives nothing of it to who does not: not its name, size or number of pages", () => {
    expect(filesCollection.project(row, seenAs("absent"))).toBeUndefined();
    expect(filesCollection.project(row, seenAs({ redact: "keep-last-2" }))).toBeUndefined();
    expect(filesCollection.project(row, seenAs("visible", false))).toBeUndefined();
  });

  it("takes a detached file away", () => {
    const detached = { ...row, deleted_at: "2026-03-02T11:00:00.000Z" };
    expect(filesCollection.project(detached, seenAs("visible"))).toBeUndefined();
  });
});

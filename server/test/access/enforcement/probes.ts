import { newId } from "@kontor/shared/base";
import { granted, granting, requested } from "./doors.ts";
import { accountProbes } from "./mail.accounts.doors.ts";
import { outboundProbes } from "./mail.outbound.doors.ts";
import { sendProbes } from "./mail.send.doors.ts";
import { OPEN, SALARY, secrets, type GuardedOffice, type Target } from "./guardedOffice.ts";
import { mailProbes } from "./mail.probes.ts";
import { webhookProbes } from "./mail.webhooks.doors.ts";

/**
 * How each endpoint that asks the policies is asked in earnest. With every right it must show what it guards
 * (`reads`) or change something (`changes`): otherwise that it shows and changes nothing without rights proves nothing.
 */
export interface Probe {
  readonly kind: "reads" | "changes";
  /** What an answer to somebody with every right holds; absent: that it succeeds is all that can be seen of bytes. */
  readonly shows?: string;
  /** What the masked one may do here as well, with an answer that holds no secret. Default: nothing. */
  readonly maskedMay?: boolean;
  /** Something read that asks for more than the right to read. */
  readonly readOnlyMayNot?: boolean;
  /** Succeeds whatever becomes of each thing that it is asked to do, and says so of each. */
  readonly answersEach?: boolean;
  /** The answer to whoever may, where that is no success because what is asked for lies outside. */
  readonly answers?: number;
  /** It is not about the file, whose upload takes longer than everything else. */
  readonly withoutFile?: boolean;
  request(target: Target, office: GuardedOffice): ProbeRequest | Promise<ProbeRequest>;
}

/** Stands in a body for the id of whoever knocks. */
export const CALLER = ":caller";

export interface ProbeRequest {
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

const at =
  (path: string, body?: object) =>
  ({ recordId, fileId }: Target): ProbeRequest => ({
    path: path.replace(":recordId", recordId).replace(":fileId", fileId),
    ...(body && { body }),
  });

const authzen = (path: string, shows: string): Probe => ({
  kind: "reads",
  shows,
  maskedMay: true,
  request: ({ recordId }) => ({
    path: `/access/v1/${path}`,
    body: {
      subject: { type: "user", id: CALLER },
      action: { name: "read" },
      resource: { type: "employee", id: recordId },
    },
  }),
});

const fields = { fullName: "Somebody new", address: secrets.address };

export const probes: Readonly<Record<string, Probe>> = {
  ...outboundProbes,
  ...sendProbes,
  "get /types": { kind: "reads", shows: '"name":"employee"', maskedMay: true, request: at("/types") },
  "get /records": {
    kind: "reads",
    shows: secrets.address,
    maskedMay: true,
    request: at("/records?type=employee&limit=200"),
  },
  "get /records/summary": {
    kind: "reads",
    shows: SALARY,
    maskedMay: true,
    request: at("/records/summary?type=employee&measure=salary&groupBy=state"),
  },
  "get /records/export": {
    kind: "reads",
    shows: secrets.address,
    maskedMay: true,
    request: at("/records/export?type=employee"),
  },
  "get /records/duplicates": {
    kind: "reads",
    shows: '"duplicates":[]',
    maskedMay: true,
    request: at("/records/duplicates?type=employee"),
  },
  "get /records/:id": { kind: "reads", shows: secrets.payAccount, maskedMay: true, request: at("/records/:recordId") },
  "get /records/:id/history": {
    kind: "reads",
    shows: secrets.fileName,
    maskedMay: true,
    request: at("/records/:recordId/history"),
  },
  "get /records/:id/related": {
    kind: "reads",
    shows: OPEN,
    async request(_target, { clients }) {
      const { id } = await clients.everything.json<{ id: string }>("POST", "/api/records", {
        type: "counterparty",
        fields: { name: "Related to" },
      });
      await clients.everything.json("POST", "/api/records", {
        type: "contract",
        fields: { subject: `${OPEN} contract`, counterparty: id },
      });
      return { path: `/records/${id}/related` };
    },
  },
  "post /access/explain": {
    kind: "reads",
    shows: '"decidedBy"',
    maskedMay: true,
    request: ({ recordId }) => ({ path: "/access/explain", body: { action: "read", type: "employee", id: recordId } }),
  },
  // About oneself, as everybody may.
  "post /access/v1/evaluation": authzen("evaluation", '"decision":true'),
  "post /access/v1/evaluations": authzen("evaluations", '"decision":true'),
  "post /access/v1/search/resource": authzen("search/resource", '"type":"employee"'),
  "post /access/v1/search/action": authzen("search/action", '"name":"read"'),
  "post /records": {
    kind: "changes",
    maskedMay: true,
    request: (_target, { departmentId }) => ({
      path: "/records",
      body: { type: "employee", fields: { ...fields, department: departmentId } },
    }),
  },
  "patch /records/:id": {
    kind: "changes",
    request: at("/records/:recordId", { set: { address: "Elsewhere" }, base: { address: 1 } }),
  },
  "post /records/:id/transitions/:key": {
    kind: "changes",
    maskedMay: true,
    request: at("/records/:recordId/transitions/confirm"),
  },
  "delete /records/:id": { kind: "changes", maskedMay: true, request: at("/records/:recordId") },
  "post /records/:id/restore": {
    kind: "changes",
    maskedMay: true,
    async request({ recordId }, { clients }) {
      await clients.everything.json("DELETE", `/api/records/${recordId}`);
      return { path: `/records/${recordId}/restore` };
    },
  },
  "post /records/:id/conflicts/:field": {
    kind: "changes",
    async request({ recordId }, { clients, administrator }) {
      for (const [author, address] of [
        [administrator, "One"],
        [clients.everything, "Other"],
      ] as const)
        await author.json("PATCH", `/api/records/${recordId}`, { set: { address }, base: { address: 1 } });
      return { path: `/records/${recordId}/conflicts/address`, body: { choice: "mine" } };
    },
  },
  "post /access/requests/:id/grant": {
    kind: "changes",
    async request({ recordId }, office) {
      return { path: `/access/requests/${await requested(recordId, office)}/grant`, body: granting() };
    },
  },
  "post /access/requests/:id/refuse": {
    kind: "changes",
    async request({ recordId }, office) {
      return { path: `/access/requests/${await requested(recordId, office)}/refuse`, body: {} };
    },
  },
  "delete /access/grants/:id": {
    kind: "changes",
    request: async ({ recordId }, office) => ({ path: `/access/grants/${await granted(recordId, office)}` }),
  },
  "get /records/:id/files": {
    kind: "reads",
    shows: secrets.fileName,
    maskedMay: true,
    request: at("/records/:recordId/files"),
  },
  "get /files/:id": { kind: "reads", shows: secrets.fileName, request: at("/files/:fileId") },
  "get /files/:id/content": { kind: "reads", request: at("/files/:fileId/content") },
  "get /files/:id/preview/document.pdf": { kind: "reads", request: at("/files/:fileId/preview/document.pdf") },
  "get /files/:id/preview/pages/:page": { kind: "reads", request: at("/files/:fileId/preview/pages/1") },
  "get /files/:id/preview/thumbnail": { kind: "reads", request: at("/files/:fileId/preview/thumbnail") },
  "post /files/:id/url": { kind: "reads", shows: '"url"', request: at("/files/:fileId/url", { part: "content" }) },
  "post /records/:id/files": {
    kind: "changes",
    request: ({ recordId }) => ({
      path: `/records/${recordId}/files`,
      body: { id: newId(), field: "papers", name: "more.png", size: 10, sha256: "0".repeat(64) },
    }),
  },
  "patch /files/:id": { kind: "changes", request: at("/files/:fileId", { name: "renamed.png" }) },
  "delete /files/:id": { kind: "changes", request: at("/files/:fileId") },
  "post /files/:id/restore": {
    kind: "changes",
    async request({ fileId }, { clients }) {
      await clients.everything.json("DELETE", `/api/files/${fileId}`);
      return { path: `/files/${fileId}/restore` };
    },
  },
  ...Object.fromEntries(
    Object.entries({ ...mailProbes, ...accountProbes, ...webhookProbes }).map(([name, probe]) => [
      name,
      { ...probe, withoutFile: true },
    ]),
  ),
};

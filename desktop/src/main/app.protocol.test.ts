import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileAddress } from "#contract";
import { createAppProtocol, partOf } from "./app.protocol.ts";

const id = "0197c0de-0000-7000-8000-000000000001";

describe("addresses", () => {
  it.each([
    [fileAddress.content(id), { what: "content", fileId: id }],
    [fileAddress.pdf(id), { what: "pdf", fileId: id }],
    [fileAddress.page(id, 12), { what: "page", fileId: id, page: 12 }],
    [fileAddress.thumbnail(id), { what: "thumbnail", fileId: id }],
  ])("%s is understood at the other end", (address, part) => expect(partOf(`/${address}`)).toEqual(part));

  it.each(["/files/../../secret/content", `/files/${id}/page/0`, `/files/${id}/other`, "/index.html"])(
    "%s is not a file's part",
    (address) => expect(partOf(address)).toBeUndefined(),
  );
});

describe("serving", () => {
  let root: string;
  let serve: (request: Request) => Promise<Response>;
  const body = new TextEncoder().encode("0123456789");
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "kontor-app-"));
    await writeFile(join(root, "index.html"), "<!doctype html>");
    serve = createAppProtocol({
      rendererRoot: root,
      files: {
        open: async (_part, range) => {
          const wanted = range(body.length);
          const bytes = wanted && body.slice(wanted.start, wanted.end + 1);
          return {
            mime: "text/html",
            totalBytes: body.length,
            wanted,
            body: bytes && new Response(bytes).body!,
          } as never;
        },
      },
    });
  });
  afterAll(() => rm(root, { recursive: true }));
  const get = (path: string, headers: Record<string, string> = {}) =>
    serve(new Request(`http://kontor${path}`, { headers }));

  it("serves the interface with a policy that runs no foreign script", async () => {
    const response = await get("/");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-security-policy")).toContain("script-src 'self' 'wasm-unsafe-eval';");
  });
  it("leaves nothing outside the interface's folder reachable", async () => {
    expect((await get("/..%2f..%2f..%2fetc%2fpasswd")).status).toBe(404);
  });
  it("serves a part of a file, and its own HTML never as HTML", async () => {
    const response = await get(`/${fileAddress.content(id)}`, { range: "bytes=2-4" });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe("bytes 2-4/10");
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(await response.text()).toBe("234");
    expect((await get(`/${fileAddress.content(id)}`, { range: "bytes=20-" })).status).toBe(416);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanHtml } from "../../server/src/mail/mime/html/cleanHtml.ts";
import { escapeVectors } from "./hostile/escape.vectors.ts";
import { loadVectors } from "./hostile/load.vectors.ts";
import { mutationVectors } from "./hostile/mutation.vectors.ts";
import { runVectors } from "./hostile/run.vectors.ts";
import type { Vector } from "./hostile/vector.ts";
import { startWatch, type Seen, type Watch } from "./hostile/watch.ts";

/**
 * What cleaned HTML does in a real Chromium that has neither sandbox nor policy around it: nothing. The reader's frame has both; here
 * the cleaning stands alone. The same pieces uncleaned prove that this would be seen.
 */
let watch: Watch;
let all: readonly Vector[];
beforeAll(async () => {
  watch = await startWatch();
  all = [...runVectors, ...mutationVectors, ...loadVectors(watch.leakOrigin), ...escapeVectors];
});
afterAll(() => watch.close());

/** Enough that starting a page costs little, few enough that one of them is found. */
const BATCH = 500;
const FRAMES = 40;
/** Of the uncleaned ones, enough of each kind to know that the watch is awake. */
const EVERY = 7;

async function showAll(pieces: readonly Vector[], how: Parameters<Watch["show"]>[1], size = BATCH): Promise<Seen> {
  const seen = { ran: new Set<string>(), loaded: new Set<string>(), connections: 0, strange: [] as string[] };
  for (let at = 0; at < pieces.length; at += size) {
    const batch = await watch.show(pieces.slice(at, at + size), how);
    for (const id of batch.ran) seen.ran.add(id);
    for (const id of batch.loaded) seen.loaded.add(id);
    seen.connections += batch.connections;
    seen.strange.push(...batch.strange);
  }
  return seen;
}

const cleaned = (): readonly Vector[] => all.map((vector) => ({ ...vector, html: cleanHtml(vector.html).html }));

describe("hostile HTML, cleaned, in Chromium", () => {
  it("there are at least 1,500 pieces, each of its own", () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(new Set(all.map(({ id, html }) => html.replaceAll(id, ""))).size).toBeGreaterThan(1_500);
  });

  it.each(["inPage", "asInnerHtml"] as const)(
    "[HTM-1] [HTM-2] [HTM-3] %s: nothing runs, loads or leaves its place",
    { timeout: 60_000 },
    async (how) => {
      const seen = await showAll(cleaned(), how);
      expect([...seen.ran]).toEqual([]);
      expect([...seen.loaded]).toEqual([]);
      expect(seen.connections).toBe(0);
      expect(seen.strange).toEqual([]);
    },
  );

  it("[HTM-4] cleaning again changes nothing", () => {
    const once = cleaned();
    expect(once.map((vector) => ({ ...vector, html: cleanHtml(vector.html).html }))).toEqual(once);
  });

  it("what was put aside loads when the reader allows it, and is said to be there", async () => {
    const pieces = loadVectors(watch.leakOrigin).map((vector) => ({ ...vector, ...cleanHtml(vector.html) }));
    const withRemote = pieces.filter(({ hasRemote }) => hasRemote);
    const allowed = withRemote.map((piece) => ({ ...piece, html: piece.html.replaceAll("data-remote-src=", "src=") }));
    const seen = await watch.show(allowed, "inPage");
    // Without a scheme it is https, which the listener does not speak.
    const pictures = withRemote.filter(({ html }) => html.includes(`data-remote-src="${watch.leakOrigin}`));
    expect(pictures.length).toBeGreaterThan(80);
    expect([...seen.loaded].toSorted()).toEqual(pictures.map(({ id }) => id).toSorted());
    for (const { html, hasRemote } of pieces) expect(hasRemote).toBe(html.includes("data-remote-"));
  });
});

describe("the same pieces, uncleaned", () => {
  it("run and load: the watch sees what there is to be seen", { timeout: 60_000 }, async () => {
    const raw = all.filter(({ aim }) => aim !== "escape").filter((_, index) => index % EVERY === 0);
    const { ran, loaded, connections } = await showAll(raw, "framed", FRAMES);
    const did = raw.filter(({ id }) => ran.has(id) || loaded.has(id));
    // The rest needs browsers of other years, a plug-in or a reader that goes on.
    expect(did.length / raw.length).toBeGreaterThan(0.55);
    const kinds = (list: readonly Vector[]) => [...new Set(list.map(({ id }) => id.replace(/-\d+$/, "")))];
    expect(kinds(did)).toEqual(kinds(raw));
    expect(connections).toBeGreaterThan(0);
  });

  it("one of them among clean ones is found", async () => {
    const bad: Vector = { id: "planted-1", aim: "run", html: `<img src=x onerror="top.hit('planted-1')">` };
    const position: Vector = { id: "planted-2", aim: "escape", html: `<p style="position:fixed">x</p>` };
    const seen = await watch.show([...cleaned().slice(0, 50), bad, position], "inPage");
    expect([...seen.ran]).toEqual(["planted-1"]);
    expect(seen.strange.filter((what) => what.startsWith("planted-2")).length).toBeGreaterThan(0);
  });
});

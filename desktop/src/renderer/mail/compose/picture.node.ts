import { Image } from "@tiptap/extension-image";

/** The address under which a picture of the draft is drawn; undefined as long as its body is not on this device. */
export type FindPicture = (cid: string) => Promise<string | undefined>;

/**
 * A picture of the draft's own: it hangs in it under a Content-ID, and that is all the text says of it. Others are not taken into a
 * text: they would not travel. Where it is drawn from is this view's business: no address is asked for before the body is here
 * (an image element asks once, and shows a hole for ever), and what could not be had yet is asked for again.
 */
export const createPictureNode = (find: FindPicture) =>
  Image.extend({
    addAttributes() {
      return {
        ...this.parent?.(),
        // Written without: an element that has one loads it, also while the text is only read for saving.
        src: { default: null, parseHTML: () => null, renderHTML: () => ({}) },
        cid: {
          default: null,
          parseHTML: (element) => element.dataset["cid"] ?? element.getAttribute("src")?.slice("cid:".length) ?? null,
          renderHTML: ({ cid }) => (typeof cid === "string" ? { "data-cid": cid } : {}),
        },
      };
    },
    // One whose body is not here yet stays in the text under its name: dropped, the next save would lose it.
    parseHTML: () => [{ tag: "img[data-cid]" }, { tag: 'img[src^="cid:"]' }],
    addNodeView:
      () =>
      ({ node }) =>
        createPictureView(String(node.attrs["cid"]), node.attrs, find),
  }).configure({ inline: true });

/** A body that is being copied in is there in this time; on a busy machine it takes some of them, and is seen at once then. */
const FIRST_RETRY_MS = 200;
const RETRY_MS = 1_500;
/** What a minute did not bring comes with the network, and that may be hours. */
const SOON_TRIES = 40;
const LATE_RETRY_MS = 15_000;

const SHOWN = ["alt", "title", "width", "height"] as const;

function createPictureView(cid: string, attrs: Readonly<Record<string, unknown>>, find: FindPicture) {
  const dom = document.createElement("img");
  dom.dataset["cid"] = cid;
  let timer: number | undefined;
  let tries = 0;
  let isGone = false;

  function dress(next: Readonly<Record<string, unknown>>): void {
    for (const name of SHOWN) {
      const value = next[name];
      if (value === null || value === undefined) dom.removeAttribute(name);
      else dom.setAttribute(name, String(value));
    }
  }

  async function draw(): Promise<void> {
    const address = await find(cid).catch(() => undefined);
    if (isGone) return;
    if (address === undefined) again();
    else dom.src = address;
  }

  function again(): void {
    dom.removeAttribute("src");
    const longest = tries < SOON_TRIES ? RETRY_MS : LATE_RETRY_MS;
    timer = window.setTimeout(() => void draw(), Math.min(FIRST_RETRY_MS * 2 ** tries++, longest));
  }

  dom.addEventListener("load", () => (tries = 0));
  dom.addEventListener("error", again);
  dress(attrs);
  void draw();

  return {
    dom,
    update(next: { readonly type: { readonly name: string }; readonly attrs: Readonly<Record<string, unknown>> }) {
      if (next.type.name !== Image.name || next.attrs["cid"] !== cid) return false;
      dress(next.attrs);
      return true;
    },
    // Its address is nothing that the text says.
    ignoreMutation: () => true,
    destroy() {
      isGone = true;
      window.clearTimeout(timer);
    },
  };
}

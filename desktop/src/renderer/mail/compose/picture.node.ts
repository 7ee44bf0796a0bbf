import type { Editor } from "@tiptap/core";
import { Image } from "@tiptap/extension-image";

/** A picture of the draft's own: it hangs in it under a Content-ID. Others are not taken into a text: they would not travel. */
export const PictureNode = Image.extend({
  addAttributes() {
    return {
      ...this.parent?.(),
      cid: {
        default: null,
        parseHTML: (element) => element.dataset["cid"] ?? element.getAttribute("src")?.slice("cid:".length) ?? null,
        renderHTML: ({ cid }) => (typeof cid === "string" ? { "data-cid": cid } : {}),
      },
    };
  },
  // One whose body is not here yet stays in the text under its name: dropped, the next save would lose it.
  parseHTML: () => [{ tag: "img[data-cid]" }, { tag: 'img[src^="cid:"]' }],
}).configure({ inline: true });

/** Content-IDs of the pictures that the text names and does not show yet. */
export function unshownPictures(editor: Editor): ReadonlySet<string> {
  const cids = new Set<string>();
  editor.state.doc.descendants((node) => {
    if (node.type.name === "image" && String(node.attrs["src"]).startsWith("cid:")) cids.add(String(node.attrs["cid"]));
  });
  return cids;
}

/** Shows a picture by this address; what the text says stays the same. */
export function showPicture(editor: Editor, cid: string, address: string, isSilent: string): void {
  const { tr } = editor.state;
  editor.state.doc.descendants((node, at) => {
    if (node.type.name === "image" && node.attrs["cid"] === cid) tr.setNodeAttribute(at, "src", address);
  });
  if (tr.docChanged) editor.view.dispatch(tr.setMeta(isSilent, true).setMeta("addToHistory", false));
}

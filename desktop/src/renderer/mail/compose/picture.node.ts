import { Image } from "@tiptap/extension-image";

/** A picture of the draft's own: it hangs in it under a Content-ID. Others are not taken into a text: they would not travel. */
export const PictureNode = Image.extend({
  addAttributes() {
    return {
      ...this.parent?.(),
      cid: {
        default: null,
        parseHTML: (element) => element.dataset["cid"] ?? null,
        renderHTML: ({ cid }) => (typeof cid === "string" ? { "data-cid": cid } : {}),
      },
    };
  },
  parseHTML: () => [{ tag: "img[data-cid]" }],
}).configure({ inline: true });

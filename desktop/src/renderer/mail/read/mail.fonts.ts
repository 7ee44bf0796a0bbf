import cyrillic from "@fontsource-variable/inter/files/inter-cyrillic-wght-normal.woff2?url";
import latin from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url";

/** The interface's own type, for messages that bring none: the frame has a policy of its own and inherits no style. */
const face = (address: string, range: string) =>
  `@font-face{font-family:"Inter Variable";font-weight:100 900;src:url("${address}") format("woff2");unicode-range:${range}}`;

export const mailFonts = [
  face(cyrillic, "U+0301,U+0400-045F,U+0490-0491,U+04B0-04B1,U+2116"),
  face(latin, "U+0000-00FF,U+0131,U+0152-0153,U+2000-206F,U+20AC,U+2122,U+2190-2193,U+2212"),
].join("");

import { useMemo, useState, type SyntheticEvent } from "react";
import { useWords } from "../../words/index.ts";
import { mailFonts } from "../read/mail.fonts.ts";
import { mailPage } from "../read/mail.page.ts";
import { useColours } from "../read/MessageBody.tsx";
import classes from "./compose.module.css";

const MIN_HEIGHT_PX = 40;
const MAX_HEIGHT_PX = 360;
const NO_PICTURES: ReadonlyMap<string, string> = new Map();

/** What is quoted, as it was written: shown, not edited; it runs nothing and loads nothing. */
export function QuotedFrame({ html }: { readonly html: string }) {
  const { t } = useWords();
  const blockedWords = t("compose.quote.picture");
  const colours = useColours();
  const page = useMemo(
    () => mailPage(html, { pictures: NO_PICTURES, colours, blockedWords, fonts: mailFonts }),
    [html, colours, blockedWords],
  );
  const [height, setHeight] = useState(MIN_HEIGHT_PX);
  const measure = ({ currentTarget }: SyntheticEvent<HTMLIFrameElement>) => {
    const root = currentTarget.contentDocument?.documentElement;
    if (root) setHeight(Math.min(MAX_HEIGHT_PX, root.scrollHeight + 2));
  };
  // `allow-same-origin` alone: nothing runs in it, and the window may measure it.
  return (
    <iframe
      className={classes.quotedFrame}
      data-paper={page.onPaper || undefined}
      sandbox="allow-same-origin"
      srcDoc={page.html}
      title={t("compose.quote.title")}
      style={{ height }}
      onLoad={measure}
    />
  );
}

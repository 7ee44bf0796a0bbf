import { useMemo } from "react";
import { useWords } from "../../words/index.ts";
import { mailPage } from "../read/mail.page.ts";
import classes from "./compose.module.css";

const NO_PICTURES: ReadonlyMap<string, string> = new Map();

/** What is quoted, as it was written: shown, not edited; it runs nothing and loads nothing. */
export function QuotedFrame({ html }: { readonly html: string }) {
  const { t } = useWords();
  const blockedWords = t("compose.quote.picture");
  const page = useMemo(
    () => mailPage(html, { pictures: NO_PICTURES, colours: PAPER, blockedWords }),
    [html, blockedWords],
  );
  return <iframe className={classes.quotedFrame} sandbox="" srcDoc={page.html} title={t("compose.quote.title")} />;
}

/** On white in every theme: that is how whoever gets it is most likely to see it. */
const PAPER = { scheme: "light", ink: "#1b2330", link: "#0b6e7f", quiet: "#515b6c", line: "#e3e6eb" } as const;

import { Fragment, useState, type MouseEvent } from "react";
import { useWords } from "../../words/index.ts";
import { useOpenLink } from "./useOpenLink.ts";
import { textParts, withLinks } from "./text.parts.ts";
import classes from "./read.module.css";

/** Plain text with its links; what is quoted at the end stands folded. */
export function TextBody({ text }: { readonly text: string }) {
  const { t } = useWords();
  const [shown, setShown] = useState(false);
  const { own, quoted } = textParts(text);
  return (
    <div className={classes.text}>
      <Linked text={own} />
      {quoted !== "" && (
        <>
          <button
            type="button"
            className={classes.fold}
            aria-expanded={shown}
            aria-label={t(shown ? "mail.quote.hide" : "mail.quote.show")}
            onClick={() => setShown(!shown)}
          >
            •••
          </button>
          {shown && (
            <div className={classes.quoted}>
              <Linked text={quoted} />
            </div>
          )}
        </>
      )}
    </div>
  );
}

function Linked({ text }: { readonly text: string }) {
  const openLink = useOpenLink();
  return withLinks(text).map((part, index) =>
    part.address === undefined ? (
      // oxlint-disable-next-line react/no-array-index-key -- a text does not move its parts
      <Fragment key={index}>{part.text}</Fragment>
    ) : (
      <a
        // oxlint-disable-next-line react/no-array-index-key -- as above
        key={index}
        href={part.address}
        rel="noreferrer"
        onClick={(event: MouseEvent) => {
          event.preventDefault();
          openLink(part.address ?? "", part.text);
        }}
      >
        {part.text}
      </a>
    ),
  );
}

import { Fragment } from "react";
import { Link } from "../../ui/Link.tsx";
import { useWords } from "../../words/words.ts";
import { accessAddress } from "../routes.ts";

interface Crumb {
  readonly words: string;
  readonly to?: string;
}

/** From Access down to where one is. */
export function Crumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
  const { t } = useWords();
  return (
    <nav className="crumbs" aria-label={t("access.crumbs")}>
      <Link to={accessAddress.policies()}>{t("app.access")}</Link>
      {crumbs.map(({ words, to }) => (
        <Fragment key={words}>
          <span aria-hidden>›</span>
          {to === undefined ? <span>{words}</span> : <Link to={to}>{words}</Link>}
        </Fragment>
      ))}
    </nav>
  );
}

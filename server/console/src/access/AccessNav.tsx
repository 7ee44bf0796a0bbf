import { usePlace } from "../app/route.ts";
import { Link } from "../ui/Link.tsx";
import { useWords } from "../words/words.ts";
import { accessAddress, type AccessView, accessViews } from "./routes.ts";

/** What belongs to which view: a draft and one policy stand among the policies, a comparison among the versions. */
const ofView: Readonly<Record<string, AccessView>> = { drafts: "policies", compare: "versions" };

export function AccessNav() {
  const { t } = useWords();
  const [first = "policies"] = usePlace().path;
  return accessViews.map((view) => (
    <Link
      key={view}
      className="sub"
      to={accessAddress.view(view)}
      aria-current={(ofView[first] ?? first) === view ? "page" : undefined}
    >
      {t(`access.view.${view}`)}
    </Link>
  ));
}

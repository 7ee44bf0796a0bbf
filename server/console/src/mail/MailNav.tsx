import { usePlace } from "../app/route.ts";
import { Link } from "../ui/Link.tsx";
import { useWords } from "../words/words.ts";
import { mailAddress, mailViews } from "./routes.ts";

export function MailNav() {
  const { t } = useWords();
  const [view = "mailboxes"] = usePlace().path;
  return mailViews.map((each) => (
    <Link key={each} className="sub" to={mailAddress(each)} aria-current={each === view ? "page" : undefined}>
      {t(`mail.view.${each}`)}
    </Link>
  ));
}

import type { MailSettingsDoc } from "@kontor/shared/mail";
import { go } from "../../app/index.ts";
import { useWatched } from "../../replica/index.ts";
import { useWords, type WordKey } from "../../words/index.ts";
import { RulesEditor } from "../rules/index.ts";
import { Accounts } from "./Accounts.tsx";
import { General } from "./General.tsx";
import { Signatures } from "./Signatures.tsx";
import { Templates } from "./Templates.tsx";
import classes from "./settings.module.css";

const TABS = {
  general: "mailSettings.general",
  signatures: "mailSettings.signatures",
  templates: "mailSettings.templates",
  rules: "mailSettings.rules",
  accounts: "mailSettings.accounts",
} as const satisfies Record<string, WordKey>;
type Tab = keyof typeof TABS;

/** How one writes and reads mail; the same on all of one's devices. */
export function MailSettingsView({ tab: asked }: { readonly tab?: string | undefined }) {
  const { t } = useWords();
  const settings = useWatched("mail.settings", {});
  const tab: Tab = asked !== undefined && Object.hasOwn(TABS, asked) ? (asked as Tab) : "general";
  return (
    <>
      <nav className={classes.tabs} aria-label={t("mailSettings.title")} data-region="settings">
        <h2>{t("mailSettings.title")}</h2>
        {(Object.keys(TABS) as Tab[]).map((each) => (
          <button
            key={each}
            type="button"
            aria-current={each === tab ? "page" : undefined}
            onClick={() => go({ at: "mailSettings", id: each })}
          >
            {t(TABS[each])}
          </button>
        ))}
      </nav>
      <section className={classes.page} aria-label={t(TABS[tab])} data-region="page">
        <h1>{t(TABS[tab])}</h1>
        {settings && <Page tab={tab} settings={settings} />}
      </section>
    </>
  );
}

function Page({ settings, tab }: { readonly tab: Tab; readonly settings: MailSettingsDoc }) {
  switch (tab) {
    case "general":
      return <General settings={settings} />;
    case "signatures":
      return <Signatures settings={settings} />;
    case "templates":
      return <Templates settings={settings} />;
    case "rules":
      return <RulesEditor />;
    case "accounts":
      return <Accounts />;
  }
}

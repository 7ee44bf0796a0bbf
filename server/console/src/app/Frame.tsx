import { ActionIcon, Menu, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import {
  IconApi,
  IconBuilding,
  IconDeviceLaptop,
  IconKey,
  IconLayoutDashboard,
  IconRobot,
  IconListSearch,
  IconMail,
  IconShieldLock,
  IconUserCircle,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Fragment, useRef, type ReactNode } from "react";
import { AccessNav } from "../access/AccessNav.tsx";
import { call, type Me, type Overview } from "../api/api.ts";
import { MailNav } from "../mail/MailNav.tsx";
import { Link } from "../ui/Link.tsx";
import { usePageScroll } from "../ui/useKeptScroll.ts";
import { chooseLocale, useWords, type Locale } from "../words/words.ts";
import { addressOf, pagesFor, type Page } from "./route.ts";

const icons: Readonly<Record<Page, Icon>> = {
  overview: IconLayoutDashboard,
  people: IconUsers,
  structure: IconBuilding,
  services: IconRobot,
  mail: IconMail,
  access: IconShieldLock,
  sessions: IconKey,
  devices: IconDeviceLaptop,
  audit: IconListSearch,
};
const localeNames: Readonly<Record<Locale, string>> = { en: "English", ru: "Русский" };
const schemes = ["light", "dark", "auto"] as const satisfies readonly MantineColorScheme[];

export function Frame({ user, page, children }: { user: Me; page: Page; children: ReactNode }) {
  const { t } = useWords();
  const main = useRef<HTMLElement>(null);
  usePageScroll(main);
  return (
    <div className="frame">
      <header className="top">
        <div className="brand">
          <b>K</b>ontor <span>{t("app.console")}</span>
        </div>
        <span className="grow" />
        {user.isAdmin && <HealthMark />}
        <AccountMenu user={user} />
      </header>
      <nav className="nav" aria-label={t("app.console")}>
        {pagesFor(user).map((name) => {
          const IconOf = icons[name];
          return (
            <Fragment key={name}>
              <Link to={addressOf(name)} aria-current={name === page ? "page" : undefined}>
                <IconOf size={18} stroke={1.6} />
                {t(`app.${name}`)}
              </Link>
              {name === "access" && page === "access" && <AccessNav />}
              {name === "mail" && page === "mail" && <MailNav />}
            </Fragment>
          );
        })}
        <a href="/api/docs/" target="_blank" rel="noreferrer">
          <IconApi size={18} stroke={1.6} />
          {t("app.apiDocs")}
        </a>
      </nav>
      <main className="page" ref={main}>
        {children}
      </main>
    </div>
  );
}

function HealthMark() {
  const { t } = useWords();
  const overview = useQuery({
    queryKey: ["overview"],
    queryFn: () => call<Overview>("GET", "/admin/overview"),
    refetchInterval: 10_000,
  });
  if (!overview.data) return null;
  const unwell = overview.data.parts.filter((part) => part.state !== "ok").length;
  return (
    <span
      role="status"
      style={{
        display: "inline-flex",
        alignItems: "center",
        gap: 6,
        color: unwell > 0 ? "var(--warn)" : "var(--ink-2)",
      }}
    >
      <span
        aria-hidden
        style={{ width: 7, height: 7, borderRadius: "50%", background: unwell > 0 ? "var(--warn)" : "var(--good)" }}
      />
      {unwell > 0 ? t("app.unhealthy", { count: unwell }) : t("app.healthy")}
    </span>
  );
}

function AccountMenu({ user }: { user: Me }) {
  const { t, locale } = useWords();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const client = useQueryClient();

  async function signOut() {
    await call("POST", "/sign-out").catch(() => undefined); // the cookie may have ended by itself
    client.clear();
    location.reload();
  }

  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon aria-label={t("app.account", { name: user.name })} size={30}>
          <IconUserCircle size={22} stroke={1.5} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{user.name}</Menu.Label>
        <Menu.Divider />
        <Menu.Label>{t("app.language")}</Menu.Label>
        <Menu.RadioGroup value={locale} onChange={(name) => chooseLocale(name as Locale)}>
          {(["en", "ru"] as const).map((name) => (
            <Menu.RadioItem key={name} value={name}>
              {localeNames[name]}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Label>{t("app.theme")}</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(name) => setColorScheme(name as MantineColorScheme)}>
          {schemes.map((name) => (
            <Menu.RadioItem key={name} value={name}>
              {t(`app.theme.${name}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item onClick={() => void signOut()}>{t("app.signOut")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

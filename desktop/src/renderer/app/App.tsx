import { MantineProvider } from "@mantine/core";
import { DatesProvider } from "@mantine/dates";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import i18next from "i18next";
import { useEffect, useMemo, useState } from "react";
import type { SessionState, Settings } from "#contract";
import { AccessProvider } from "../access/index.ts";
import { DirectoryProvider, ReplicaProvider, saveWhatIsTyped, TypesProvider } from "../replica/index.ts";
import { PassphraseScreen, ReplicaFailedScreen, SignInScreen } from "../signIn/index.ts";
import { mantineFromTokens, theme } from "@kontor/theme";
import { localeOf } from "../words/index.ts";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { SettingsContext } from "./settings.ts";
import { Shell } from "./Shell.tsx";
import "./calendar.ts";
import classes from "./shell.module.css";

export function App(first: { readonly settings: Settings; readonly session: SessionState }) {
  const [settings, setSettings] = useState(first.settings);
  const [session, setSession] = useState(first.session);
  useEffect(() => window.kontor.onSettings(setSettings), []);
  useEffect(() => window.kontor.onSession(setSession), []);
  useEffect(
    () =>
      window.kontor.onCommand(({ id }) => {
        if (id === "app.ending") void saveWhatIsTyped().finally(() => void window.kontor.ended());
      }),
    [],
  );

  const locale = localeOf(settings.locale);
  useEffect(() => {
    if (i18next.language !== locale) void i18next.changeLanguage(locale);
  }, [locale]);
  useEffect(() => {
    document.documentElement.dataset["contrast"] = settings.contrast;
  }, [settings.contrast]);

  const named = useMemo(() => themeIn(i18next.t("app.close", { lng: locale })), [locale]);
  const dark = useSystemDark();
  const scheme = settings.theme === "system" ? (dark ? "dark" : "light") : settings.theme;
  return (
    <MantineProvider theme={named} cssVariablesResolver={mantineFromTokens} forceColorScheme={scheme}>
      <DatesProvider settings={{ locale, firstDayOfWeek: 1, weekendDays: [0, 6] }}>
        <SettingsContext value={settings}>
          <ErrorBoundary>
            <ModalsProvider modalProps={{ closeButtonProps: { "aria-label": i18next.t("app.close") } }}>
              <Notifications position="bottom-left" limit={4} classNames={{ root: classes.notices }} />
              <Place session={session} />
            </ModalsProvider>
          </ErrorBoundary>
        </SettingsContext>
      </DatesProvider>
    </MantineProvider>
  );
}

/** What closes a notice is a cross; it is called by its name all the same. */
const themeIn = (close: string) => ({
  ...theme,
  components: {
    ...theme.components,
    Notification: { defaultProps: { closeButtonProps: { "aria-label": close } } },
  },
});

function Place({ session }: { readonly session: SessionState }) {
  switch (session.state) {
    case "signedOut":
      return (
        <SignInScreen
          lastServer={session.lastServer}
          lastLogin={session.lastLogin}
          deviceRevoked={session.deviceRevoked === true}
        />
      );
    case "needsPassphrase":
      return <PassphraseScreen first={session.first} />;
    case "signedIn":
      return (
        <ReplicaProvider key={session.user.id} failed={(problem) => <ReplicaFailedScreen problem={problem} />}>
          <TypesProvider>
            <DirectoryProvider>
              <AccessProvider>
                <Shell />
              </AccessProvider>
            </DirectoryProvider>
          </TypesProvider>
        </ReplicaProvider>
      );
  }
}

const DARK = window.matchMedia("(prefers-color-scheme: dark)");
function useSystemDark(): boolean {
  const [dark, setDark] = useState(DARK.matches);
  useEffect(() => {
    const changed = () => setDark(DARK.matches);
    DARK.addEventListener("change", changed);
    return () => DARK.removeEventListener("change", changed);
  }, []);
  return dark;
}

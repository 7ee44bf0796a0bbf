import { useEffect, useState } from "react";
import { spotlight } from "@mantine/spotlight";
import { RequestsView } from "../access/index.ts";
import { IssuesView, OutboxView } from "../outbox/index.ts";
import { ContactsView, MailOverlays, MailSettingsView, MailView, MailWindow } from "../mail/index.ts";
import { ObjectsView, RecordWindow } from "../objects/index.ts";
import { PeopleView } from "../people/index.ts";
import { useReplica, useTypes } from "../replica/index.ts";
import { LockedScreen } from "../signIn/index.ts";
import { useWords } from "../words/index.ts";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { Header } from "./Header.tsx";
import { Palette } from "./Palette.tsx";
import { Rail } from "./Rail.tsx";
import { go, parseRoute, useRoute } from "./route.ts";
import { moveRegion } from "./regions.ts";
import { ShortcutsDialog } from "./ShortcutsDialog.tsx";
import { useFocusBack } from "./useFocusBack.ts";
import { useNotices } from "./useNotices.ts";
import { useShortcuts } from "./useShortcuts.ts";
import classes from "./shell.module.css";

export function Shell() {
  const route = useRoute();
  const { t } = useWords();
  const types = useTypes();
  const { call, status } = useReplica();
  const [keysShown, setKeysShown] = useState(false);
  const [lastType, setLastType] = useState<string>();
  const shownType = "type" in route ? route.type : undefined;
  if (shownType !== undefined && shownType !== lastType) setLastType(shownType);
  useNotices();
  useFocusBack();

  const type = lastType ?? types.list[0]?.name;
  const goObjects = () => go({ at: "objects", ...(type ? { type } : {}) });
  useEffect(() => {
    if (route.at === "objects" && !route.type && types.list[0]) go({ at: "objects", type: types.list[0].name });
  }, [route, types]);

  useShortcuts({
    palette: () => spotlight.open(),
    searchEverywhere: () => spotlight.open(),
    goObjects,
    goMail: () => go({ at: "mail" }),
    goOutbox: () => go({ at: "outbox" }),
    goIssues: () => go({ at: "issues" }),
    goRequests: () => go({ at: "requests" }),
    goPeople: () => go({ at: "people" }),
    new: type ? () => go({ at: "new", type }) : undefined,
    nextRegion: () => moveRegion(1),
    previousRegion: () => moveRegion(-1),
    back: () => window.history.back(),
    forward: () => window.history.forward(),
    shortcuts: () => setKeysShown(true),
    tryNow: () => void call("sync.tryNow", {}),
  });
  useEffect(
    () =>
      window.kontor.onCommand(({ args, id }) => {
        if (id === "app.shortcuts") setKeysShown(true);
        if (id === "app.go" && typeof args === "string") go(parseRoute(args));
      }),
    [],
  );

  if (status.connection === "locked") return <LockedScreen />;
  const overlays = (
    <>
      <Palette showShortcuts={() => setKeysShown(true)} />
      <ShortcutsDialog opened={keysShown} onClose={() => setKeysShown(false)} />
    </>
  );
  if (route.at === "record" || route.at === "draft" || route.at === "thread") {
    return (
      <main className={classes.main} style={{ height: "100%" }}>
        <ErrorBoundary>
          {route.at === "record" ? <RecordWindow id={route.id} /> : <MailWindow kind={route.at} id={route.id} />}
        </ErrorBoundary>
        {overlays}
      </main>
    );
  }
  return (
    <div className={classes.frame}>
      <Header />
      <Rail goObjects={goObjects} />
      <main className={classes.main} aria-label={t("app.region.main")}>
        <ErrorBoundary key={route.at}>
          {(route.at === "objects" || route.at === "new" || route.at === "trash") && <ObjectsView route={route} />}
          {route.at === "mail" && <MailView route={route} />}
          {route.at === "contacts" && <ContactsView id={route.id} />}
          {route.at === "mailSettings" && <MailSettingsView tab={route.id} />}
          {route.at === "outbox" && <OutboxView />}
          {route.at === "issues" && <IssuesView />}
          {route.at === "requests" && <RequestsView />}
          {route.at === "people" && <PeopleView id={route.id} />}
        </ErrorBoundary>
      </main>
      {overlays}
      <MailOverlays />
    </div>
  );
}

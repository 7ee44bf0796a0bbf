import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { call, Problem, type Me } from "../api/api.ts";
import { AuditPage } from "../audit/AuditPage.tsx";
import { MailPage } from "../mail/MailPage.tsx";
import { DevicesPage } from "../sessions/DevicesPage.tsx";
import { OverviewPage } from "../overview/OverviewPage.tsx";
import { PeoplePage } from "../people/PeoplePage.tsx";
import { ServicesPage } from "../services/ServicesPage.tsx";
import { SessionsPage } from "../sessions/SessionsPage.tsx";
import { StructurePage } from "../people/StructurePage.tsx";
import { Loaded } from "../ui/Loaded.tsx";
import { Frame } from "./Frame.tsx";
import { pagesFor, usePlace, type Page } from "./route.ts";
import { SignIn } from "./SignIn.tsx";

// The editor of policies is a third of the console, and most visits do not need it.
const AccessPage = lazy(() => import("../access/AccessPage.tsx").then((loaded) => ({ default: loaded.AccessPage })));

const views: Readonly<Record<Page, React.ComponentType>> = {
  overview: OverviewPage,
  people: PeoplePage,
  structure: StructurePage,
  services: ServicesPage,
  mail: MailPage,
  access: AccessPage,
  sessions: SessionsPage,
  devices: DevicesPage,
  audit: AuditPage,
};

export function App() {
  const { page } = usePlace();
  const me = useQuery({ queryKey: ["me"], queryFn: () => call<Me>("GET", "/me"), staleTime: 60_000 });
  if (me.error instanceof Problem && (me.error.status === 401 || me.error.status === 403)) return <SignIn />;
  return (
    <Loaded query={me}>
      {(user) => {
        if (!user.isAdmin && !user.mayAudit) return <SignIn notAdmin />;
        const shown = pagesFor(user).includes(page) ? page : "audit";
        const View = views[shown];
        return (
          <Frame user={user} page={shown}>
            <Suspense fallback={null}>
              <View />
            </Suspense>
          </Frame>
        );
      }}
    </Loaded>
  );
}

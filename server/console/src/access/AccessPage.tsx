import "./access.css";
import { usePlace } from "../app/route.ts";
import { CatalogProvider } from "./catalog.tsx";
import { DraftPage } from "./editor/DraftPage.tsx";
import { ExplainPage } from "./explain/ExplainPage.tsx";
import { GrantsPage } from "./grants/GrantsPage.tsx";
import { PoliciesPage } from "./policies/PoliciesPage.tsx";
import { PolicyPage } from "./policies/PolicyPage.tsx";
import { ComparePage } from "./versions/ComparePage.tsx";
import { VersionsPage } from "./versions/VersionsPage.tsx";
import { ViewAsPage } from "./viewAs/ViewAsPage.tsx";

export function AccessPage() {
  return (
    <CatalogProvider>
      <View />
    </CatalogProvider>
  );
}

function View() {
  const [view, id] = usePlace().path;
  switch (view) {
    case "drafts":
      return id === undefined ? <PoliciesPage /> : <DraftPage key={id} id={id} />;
    case "versions":
      return <VersionsPage />;
    case "compare":
      return <ComparePage />;
    case "explain":
      return <ExplainPage />;
    case "view-as":
      return <ViewAsPage />;
    case "grants":
      return <GrantsPage />;
    default:
      return id === undefined ? <PoliciesPage /> : <PolicyPage key={id} id={id} />;
  }
}

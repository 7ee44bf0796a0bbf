import { usePlace } from "../app/route.ts";
import { AccountsPage } from "./accounts/AccountsPage.tsx";
import { DomainsPage } from "./domains/DomainsPage.tsx";
import { MailboxesPage } from "./mailboxes/MailboxesPage.tsx";
import { QuarantinePage } from "./quarantine/QuarantinePage.tsx";
import { QueuePage } from "./queue/QueuePage.tsx";
import { WebhooksPage } from "./webhooks/WebhooksPage.tsx";

export function MailPage() {
  const [view] = usePlace().path;
  switch (view) {
    case "accounts":
      return <AccountsPage />;
    case "domains":
      return <DomainsPage />;
    case "queue":
      return <QueuePage />;
    case "quarantine":
      return <QuarantinePage />;
    case "webhooks":
      return <WebhooksPage />;
    default:
      return <MailboxesPage />;
  }
}

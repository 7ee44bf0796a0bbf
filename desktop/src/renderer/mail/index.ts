export { ContactsView } from "./contacts/index.ts";
export { useFoundMail } from "./list/useMailSearch.ts";
export { askMail } from "./mail.requests.ts";
export { MailOverlays } from "./MailOverlays.tsx";
export { MailSettingsView } from "./settings/index.ts";
export { MailView, useUnreadMail } from "./MailView.tsx";
export { MailWindow } from "./MailWindow.tsx";
export { cardOf } from "./compose/index.ts";
export { useWrite } from "./useWrite.ts";

export { ContactsView } from "./contacts/index.ts";
export { LinkedMail } from "./LinkedMail.tsx";
export { askMail } from "./mail.requests.ts";
export { MailOverlays } from "./MailOverlays.tsx";
export { MailSettingsView } from "./settings/MailSettingsView.tsx";
export { MailView, useUnreadMail } from "./MailView.tsx";
export { MailWindow } from "./MailWindow.tsx";
export { cardOf } from "./compose/index.ts";
export { useWrite } from "./useWrite.ts";

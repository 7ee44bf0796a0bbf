export { MailSettingsView } from "./MailSettingsView.tsx";

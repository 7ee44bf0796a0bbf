export { ContactsView } from "./ContactsView.tsx";

import {
  IconAddressBook,
  IconBriefcase,
  IconBuilding,
  IconBuildingStore,
  IconCalendar,
  IconCar,
  IconCheckbox,
  IconChecklist,
  IconCoin,
  IconFile,
  IconFileDollar,
  IconFileInvoice,
  IconFileText,
  IconFolder,
  IconId,
  IconIdBadge,
  IconInbox,
  IconMail,
  IconMailDown,
  IconMailForward,
  IconMailOpened,
  IconMailUp,
  IconPackage,
  IconReceipt,
  IconSend,
  IconSignature,
  IconSquareCheck,
  IconTool,
  IconUser,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";

/** The icons that a type may name; all of Tabler's six thousand would be most of the app. */
const icons: Readonly<Record<string, Icon>> = {
  "address-book": IconAddressBook,
  briefcase: IconBriefcase,
  building: IconBuilding,
  "building-store": IconBuildingStore,
  calendar: IconCalendar,
  car: IconCar,
  checkbox: IconCheckbox,
  checklist: IconChecklist,
  coin: IconCoin,
  file: IconFile,
  "file-dollar": IconFileDollar,
  "file-invoice": IconFileInvoice,
  "file-text": IconFileText,
  folder: IconFolder,
  id: IconId,
  "id-badge": IconIdBadge,
  inbox: IconInbox,
  mail: IconMail,
  "mail-down": IconMailDown,
  "mail-up": IconMailUp,
  "mail-forward": IconMailForward,
  "mail-opened": IconMailOpened,
  package: IconPackage,
  receipt: IconReceipt,
  send: IconSend,
  signature: IconSignature,
  "square-check": IconSquareCheck,
  tool: IconTool,
  user: IconUser,
  users: IconUsers,
};

export function TypeIcon({ name, size = 16 }: { readonly name: string; readonly size?: number }) {
  const Found =
    icons[
      name
        .replace(/^Icon/, "")
        .replace(/([a-z])([A-Z])/g, "$1-$2")
        .toLowerCase()
    ] ?? IconFile;
  return <Found size={size} stroke={1.6} aria-hidden />;
}

import { useWords, type WordKey } from "../words/index.ts";

const words: Readonly<Record<string, WordKey | undefined>> = {
  "record.create": "outbox.intent.create",
  "record.edit": "outbox.intent.edit",
  "record.transition": "outbox.intent.transition",
  "record.delete": "outbox.intent.delete",
  "record.restore": "outbox.intent.restore",
  "record.resolve": "outbox.intent.resolve",
  "file.attach": "outbox.intent.attach",
  "file.rename": "outbox.intent.rename",
  "file.detach": "outbox.intent.detach",
  "file.restore": "outbox.intent.fileRestore",
  "access.request": "access.intent.request",
  "access.withdrawRequest": "access.intent.withdraw",
  "access.grant": "access.intent.grant",
  "access.refuse": "access.intent.refuse",
  "access.endGrant": "access.intent.end",
  "file.upload": "outbox.intent.upload",
  "mail.saveDraft": "outbox.intent.mailDraft",
  "mail.attach": "outbox.intent.attach",
  "mail.attachStored": "outbox.intent.attach",
  "mail.attachAs": "outbox.intent.attachAs",
  "mail.detach": "outbox.intent.detach",
  "mail.send": "outbox.intent.mailSend",
  "mail.cancelSend": "outbox.intent.mailCancel",
  "mail.discardDraft": "outbox.intent.mailDiscard",
  "mail.update": "outbox.intent.mailUpdate",
  "mail.delete": "outbox.intent.mailDelete",
  "mail.regroup": "outbox.intent.mailRegroup",
  "folder.create": "outbox.intent.folderCreate",
  "folder.rename": "outbox.intent.folderRename",
  "folder.move": "outbox.intent.folderMove",
  "folder.delete": "outbox.intent.folderDelete",
  "mail.link": "outbox.intent.mailLink",
  "mail.unlink": "outbox.intent.mailUnlink",
  "rule.save": "outbox.intent.ruleSave",
  "rule.delete": "outbox.intent.ruleDelete",
  "contact.save": "outbox.intent.contactSave",
  "contact.delete": "outbox.intent.contactDelete",
  "mail.settings": "outbox.intent.mailSettings",
};

export function useIntentName(): (name: string) => string {
  const { t } = useWords();
  return (name) => {
    const key = words[name];
    return key ? t(key) : name;
  };
}

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
};

export function useIntentName(): (name: string) => string {
  const { t } = useWords();
  return (name) => {
    const key = words[name];
    return key ? t(key) : name;
  };
}

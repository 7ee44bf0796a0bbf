import { useState } from "react";
import { useWords } from "../../words/words.ts";
import { useCatalog, useMeeting, useSearchedNames } from "../catalog.tsx";
import { Picker } from "./Picker.tsx";

export function PersonPicker({ userId, onChoose }: { userId: string; onChoose: (userId: string) => void }) {
  const { t } = useWords();
  const catalog = useCatalog();
  const [search, setSearch] = useState("");
  const people = useSearchedNames("person", search);
  useMeeting(userId);
  return (
    <Picker
      label={t("access.person")}
      shown={userId === "" ? "" : catalog.valueWords(userId)}
      tone={userId === "" ? "empty" : "plain"}
      options={people}
      onSearch={setSearch}
      freeHint={t("access.person.hint")}
      onChoose={onChoose}
    />
  );
}

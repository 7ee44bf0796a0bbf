import { useEffect, useState } from "react";
import type { MailRow, MailSearchAnswer } from "#contract";
import { useReplica } from "../../replica/index.ts";

const PAGE = 100;
const MOST = 200; // whoever needs more types another word
const TYPING_MS = 60;
const AGAIN_MS = 400; // the index is behind the messages: ask again until it says that it is complete

/** Results while one types; `asked` is what they answer. */
export function useMailSearch(text: string, first = PAGE) {
  const { call } = useReplica();
  const [wanted, setWanted] = useState({ text, limit: first });
  const [held, setHeld] = useState<{ text: string; answer: MailSearchAnswer }>();
  if (wanted.text !== text) setWanted({ text, limit: first });
  const { limit } = wanted;
  useEffect(() => {
    if (text === "") return;
    let gone = false;
    let timer = 0;
    const offsetMinutes = -new Date().getTimezoneOffset();
    const ask = () =>
      call("mail.search", { text, limit, offsetMinutes }).then(
        (answer) => {
          if (gone) return;
          setHeld({ text, answer });
          if (!answer.complete) timer = window.setTimeout(ask, AGAIN_MS);
        },
        () => undefined,
      );
    timer = window.setTimeout(ask, TYPING_MS);
    return () => {
      gone = true;
      window.clearTimeout(timer);
    };
  }, [call, text, limit]);
  return {
    // While typing, the last results stay: a list that blinks cannot be read.
    answer: text === "" ? undefined : held?.answer,
    asked: held?.text,
    more: () => setWanted((before) => (before.limit >= MOST ? before : { text, limit: before.limit + PAGE })),
  };
}

const IN_PALETTE = 6;
const NONE: readonly MailRow[] = [];

/** Messages beside everything else that one may go to. */
export function useFoundMail(query: string): { readonly rows: readonly MailRow[]; readonly searching: boolean } {
  const text = query.trim();
  const { answer, asked } = useMailSearch(text.length < 2 ? "" : text, IN_PALETTE);
  if (text.length < 2) return { rows: NONE, searching: false };
  return { rows: answer?.rows ?? NONE, searching: asked !== text || answer?.complete !== true };
}

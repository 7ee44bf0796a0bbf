/**
 * What stays of a subject when its marks of answering and forwarding are taken off (RFC 5256 §2.1). Two messages with the
 * same base subject may belong together; no thread is made of that alone.
 *
 * `strict` is the RFC to the letter, as servers do it that thread by it: `Re`, `Fw`, `Fwd` in any case, blobs in brackets,
 * `(fwd)` behind. `display` takes off the marks of other languages, too, for lists and for "Re: " in front of an answer.
 */
export type SubjectMode = "strict" | "display";

/** Bounds the loops below: each round takes off one mark at least, and no thread has been answered 200 times by hand. */
const MAX_ROUNDS = 200;

const BLOB = /^\[[^[\]]*\]\s*/;
const STRICT_MARK = /^(?:re|fwd?)\s*(?:\[[^[\]]*\]\s*)?:\s*/i;
/**
 * Marks that mail programs of other languages put in front: German AW, WG; Russian Отв, Пересл; Danish, Norwegian,
 * Swedish SV, VS, VB, VL; French RÉ, TR; Italian R, I, RIF; Spanish RV, ENC; Polish ODP, PD; Finnish VS; Turkish YNT, İLT; Hungarian
 * Vá, Továbbítás; Chinese 回复, 答复, 转发, 回覆, 轉寄; Ukrainian Відп; Greek ΑΠ, ΠΡΘ. A number may follow (`Re[2]`, `AW(3)`, `Re^2`).
 */
const DISPLAY_MARK =
  /^(?:re|fwd?|aw|antw|wg|отв|ответ|пересл|sv|vs|vb|vl|ré|réf|tr|rif|rv|enc|res|odp|pd|ynt|i̇lt|ilt|vá|továbbítás|відп|απ|πρθ|回复|回覆|答复|转发|轉寄|返信)\s*(?:\[[^[\]]{0,9}\]|\(\d{1,4}\)|\^\d{1,4}|\d{1,3})?\s*[:：]\s*/iu;

export function baseSubject(subject: string, mode: SubjectMode = "strict"): string {
  return strip(subject, mode).base;
}

/** Whether anything was taken off that says "answer" or "forwarded" (RFC 5256 asks it when it joins by subject). */
export const isReplySubject = (subject: string): boolean => strip(subject, "strict").marked;

/**
 * A subject without its marks of answering and forwarding, in whatever language, and with everything else that stands in front: a
 * list's or a ticket's blob is what its machines know it by.
 */
export function withoutMarks(subject: string): string {
  let text = subject.replaceAll(/\s+/g, " ").trim();
  const blobs: string[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const mark = DISPLAY_MARK.exec(text)?.[0];
    const blob = BLOB.exec(text)?.[0];
    if (mark !== undefined) text = text.slice(mark.length);
    else if (blob !== undefined && leader(text, DISPLAY_MARK) > 0) {
      if (!blobs.includes(blob.trim())) blobs.push(blob.trim());
      text = text.slice(blob.length);
    } else break;
  }
  const isSaidAgain = blobs.filter((blob) => !text.startsWith(blob));
  return [...isSaidAgain, text].join(" ").trim();
}

function strip(subject: string, mode: SubjectMode): { readonly base: string; readonly marked: boolean } {
  const mark = mode === "strict" ? STRICT_MARK : DISPLAY_MARK;
  let text = subject.replaceAll(/\s+/g, " ").trim();
  let marked = false;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = text;
    for (let last = ""; last !== text && text.toLowerCase().endsWith("(fwd)"); marked = true) {
      last = text;
      text = text.slice(0, -5).trimEnd();
    }
    for (let step = 0; step < MAX_ROUNDS; step++) {
      const found = leader(text, mark);
      if (found > 0) marked = true;
      const blob = found > 0 ? 0 : blobWithTextBehind(text);
      if (found === 0 && blob === 0) break;
      text = text.slice(found + blob);
    }
    const wrapped = /^\[fwd:(?<inner>.*)\]$/isu.exec(text)?.groups?.["inner"];
    if (wrapped === undefined) {
      if (text === before) break;
      continue;
    }
    marked = true;
    text = wrapped.trim();
  }
  return { base: text, marked };
}

/** subj-leader of the RFC: blobs and then a mark; the blobs fall only together with the mark behind them. */
function leader(text: string, mark: RegExp): number {
  let at = 0;
  for (let blobs = 0; blobs < MAX_ROUNDS; blobs++) {
    const found = mark.exec(text.slice(at));
    if (found) return at + found[0].length;
    const blob = BLOB.exec(text.slice(at));
    if (!blob) return 0;
    at += blob[0].length;
  }
  return 0;
}

/** A blob at the front falls when something stays that is not empty; a list's name alone is a subject. */
function blobWithTextBehind(text: string): number {
  const blob = BLOB.exec(text)?.[0].length ?? 0;
  return blob > 0 && blob < text.length ? blob : 0;
}

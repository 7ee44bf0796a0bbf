import type { Query } from "../../app/route.ts";

/** A question about access, as it stands in the address. */
export interface Question {
  readonly user: string;
  readonly action: string;
  readonly type: string;
  /** Of an existing record; empty: `attributes` describe one. */
  readonly record: string;
  /** JSON of made-up attributes; empty: none. */
  readonly attributes: string;
  readonly field: string;
  /** What is supposed about now; empty: as it is. */
  readonly time: string;
  readonly ip: string;
  readonly channel: string;
  readonly draft: string;
}

const keys = ["user", "action", "type", "record", "attributes", "field", "time", "ip", "channel", "draft"] as const;
export const channels = ["desktop", "console", "api", "job"] as const;

export const questionFrom = (query: URLSearchParams): Question =>
  Object.fromEntries(keys.map((key) => [key, query.get(key) ?? ""])) as unknown as Question;

export const questionToQuery = (question: Question): Query => ({ ...question });

export const isAskable = ({ user, action, type }: Question): boolean => user !== "" && action !== "" && type !== "";

/** As the server wants it: without what was left empty. */
export function questionToBody(question: Question): object {
  const { user, action, type, record, attributes, field, time, ip, channel, draft } = question;
  const context = given({ time: time === "" ? "" : new Date(time).toISOString(), ip, channel });
  return {
    action,
    type,
    userId: user,
    ...(record === "" ? { attributes: attributesOf(attributes) } : { id: record }),
    ...given({ field, draftId: draft }),
    ...(Object.keys(context).length > 0 && { context }),
  };
}

export function attributesOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

const given = (parts: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== ""));

// An administrator of the demo company at the API: what the console's pages do, without the pages.
import type { Policy } from "@kontor/shared/access";
import { demoPassword, type DemoLogin } from "./member.ts";

export type Administrator = Awaited<ReturnType<typeof administratorOf>>;

interface Draft {
  readonly id: string;
  readonly version: number;
  readonly baseRev: string;
  readonly policies: readonly Policy[];
}
interface Person {
  readonly id: string;
  readonly login: string;
  readonly departmentId: string | null;
}

export async function administratorOf(url: string) {
  const anton = await apiOf(url, "anton");

  const people = async () => {
    const { people: found } = await anton<{ people: Person[] }>("GET", "/admin/people?limit=200");
    return new Map(found.map((person) => [person.login, person]));
  };
  const personOf = async (login: string) => {
    const person = (await people()).get(login);
    if (!person) throw new Error(`nobody is named ${login}`);
    return person;
  };

  return {
    call: anton,
    personOf,
    /** The set in force, without what is part of every set. */
    async policies(): Promise<readonly Policy[]> {
      const { policies, builtIn } = await anton<{ policies: Policy[]; builtIn: string[] }>("GET", "/access/policies");
      return policies.filter(({ id }) => !builtIn.includes(id));
    },
    /** Publishes the set in force, changed, as the editor does it: draft, check, publish. */
    async publish(title: string, change: (policies: readonly Policy[]) => readonly Policy[]): Promise<void> {
      const draft = await anton<Draft>("POST", "/access/drafts", { title });
      const { version } = await anton<Draft>("PUT", `/access/drafts/${draft.id}`, {
        title,
        version: draft.version,
        policies: change(draft.policies),
      });
      await anton("POST", `/access/drafts/${draft.id}/publish`, { version, baseRev: draft.baseRev, confirm: title });
    },
    /** To the department of somebody else. */
    async transfer(login: string, { toDepartmentOf }: { toDepartmentOf: string }): Promise<void> {
      const { departmentId } = await personOf(toDepartmentOf);
      await anton("PATCH", `/admin/people/${(await personOf(login)).id}`, { departmentId });
    },
    async switchOff(login: string): Promise<void> {
      await anton("PATCH", `/admin/people/${(await personOf(login)).id}`, { state: "disabled" });
    },
    async switchOn(login: string): Promise<void> {
      await anton("PATCH", `/admin/people/${(await personOf(login)).id}`, { state: "active" });
    },
  };
}

/** Requests as somebody of the demo company; a refusal is an error with the server's words. */
export async function apiOf(url: string, login: DemoLogin) {
  const request = async (method: string, path: string, body: object | undefined, token: string | undefined) => {
    const answer = await fetch(`${url}/api${path}`, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  };
  const { token } = (await request("POST", "/sign-in", { login, password: demoPassword }, undefined)) as {
    token: string;
  };
  return async <Reply>(method: string, path: string, body?: object): Promise<Reply> =>
    (await request(method, path, body, token)) as Reply;
}

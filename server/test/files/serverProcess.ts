import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { newId, systemClock } from "@kontor/shared/base";
import type { FileDoc } from "@kontor/shared/files";
import { createPeopleService, createSessionService } from "#people";
import type { TestDatabase } from "#testing";

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
const PASSWORD = "correct horse battery staple";

/** A server in a process of its own, so that it can be killed as a power cut would. */
export interface ServerProcess {
  readonly url: string;
  log(): string;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export async function startServer(options: {
  databaseUrl: string;
  dataDirectory: string;
  env?: Record<string, string>;
}): Promise<ServerProcess> {
  const child = spawn(process.execPath, [CLI, "serve", "--data", options.dataDirectory, "--port", "0"], {
    env: { ...process.env, DATABASE_URL: options.databaseUrl, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        const heard = /^Kontor is listening on (http\S+)/.exec(line)?.[1];
        if (heard) resolve(heard);
      });
    }
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${lines.join("\n")}`)));
  });
  return { url, log: () => lines.join("\n"), stop: () => end(child, "SIGTERM"), kill: () => end(child, "SIGKILL") };
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

/** Two colleagues in one department and a stranger in another. */
export async function seedPeople({ db }: TestDatabase): Promise<void> {
  const sessions = createSessionService({ db, clock: systemClock });
  const people = createPeopleService({ db, sessions, clock: systemClock, doorbell: { ring: () => undefined } });
  const sales = await people.createDepartment({ nameEn: "Sales", nameRu: "Продажи" });
  const law = await people.createDepartment({ nameEn: "Law", nameRu: "Юристы" });
  const add = (login: string, departmentId: string) =>
    people.create({ login, name: login, password: PASSWORD, departmentId });
  await add("ivan", sales.id);
  await add("olga", sales.id);
  await add("stranger", law.id);
}

/** A program that talks to the server as one person. */
export class Client {
  readonly url: string;
  readonly token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  static async signIn(url: string, login: string): Promise<Client> {
    const answer = await fetch(`${url}/api/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ login, password: PASSWORD }),
    });
    const { token } = (await answer.json()) as { token?: string };
    if (!token) throw new Error(`${login} cannot sign in: ${answer.status}`);
    return new this(url, token);
  }

  async fetch(path: string, options: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...options.headers };
    return await fetch(`${this.url}${path}`, { ...options, headers });
  }

  async json<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await this.fetch(path, {
      method,
      ...(body ? { headers: { "content-type": "application/json" }, body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  async createContract(): Promise<string> {
    const fields = { subject: "Paper for the year" };
    return (await this.json<{ id: string }>("POST", "/api/records", { type: "contract", fields })).id;
  }

  /** Announces a file; the body is still to come. */
  async attach(
    recordId: string,
    {
      name,
      body,
      field = "attachments",
      sha256 = sha256Of(body),
    }: { name: string; body: Uint8Array; field?: string; sha256?: string },
  ): Promise<FileDoc> {
    const announced = { id: newId(), field, name, size: body.length, sha256 };
    return await this.json<FileDoc>("POST", `/api/records/${recordId}/files`, announced);
  }

  async beginUpload(file: FileDoc): Promise<Response> {
    return await this.fetch("/api/uploads", {
      method: "POST",
      headers: {
        "tus-resumable": "1.0.0",
        "upload-length": String(file.size),
        "upload-metadata": `fileId ${Buffer.from(file.id).toString("base64")}`,
      },
    });
  }

  async send(
    id: string,
    offset: number,
    body: Uint8Array | ReadableStream,
    more: { signal?: AbortSignal } = {},
  ): Promise<Response> {
    return await this.fetch(`/api/uploads/${id}`, {
      method: "PATCH",
      headers: {
        "tus-resumable": "1.0.0",
        "upload-offset": String(offset),
        "content-type": "application/offset+octet-stream",
      },
      body,
      duplex: "half",
      ...more,
    } as RequestInit & { headers: Record<string, string> });
  }

  async offsetOf(id: string): Promise<{ status: number; offset: number }> {
    const answer = await this.fetch(`/api/uploads/${id}`, { method: "HEAD", headers: { "tus-resumable": "1.0.0" } });
    return { status: answer.status, offset: Number(answer.headers.get("upload-offset") ?? -1) };
  }

  async upload(recordId: string, file: { name: string; body: Uint8Array; field?: string }): Promise<FileDoc> {
    const announced = await this.attach(recordId, file);
    await this.beginUpload(announced);
    const answer = await this.send(announced.id, 0, Buffer.from(file.body));
    if (answer.status !== 204) throw new Error(`upload: ${answer.status} ${await answer.text()}`);
    return announced;
  }

  async file(id: string): Promise<FileDoc> {
    return await this.json<FileDoc>("GET", `/api/files/${id}`);
  }
}

export const sha256Of = (body: Uint8Array) => createHash("sha256").update(body).digest("hex");

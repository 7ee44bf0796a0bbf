// `utilityProcess.fork`: a Node child process with ports.
import { type ChildProcess, fork } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type Electron from "electron";
import { app } from "./app.ts";
import { type PortRelay, createPortRelay } from "./portRelay.ts";
import { type MessagePortMain, nodePorts, takePort } from "./ports.ts";
import { dyingWithUs } from "./processes.ts";
import { StandInEmitter, strict } from "./strict.ts";
import type { UtilityFrame } from "./wire.ts";

const running = new Set<UtilityProcess>();
app.atExit.push(() => running.forEach((utility) => utility.kill()));

class UtilityProcess extends StandInEmitter {
  pid: number | undefined;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  private readonly child: ChildProcess;
  private readonly relay: PortRelay<ReturnType<typeof takePort>>;

  constructor(modulePath: string, args: readonly string[], options: Electron.ForkOptions) {
    super("UtilityProcess", ["spawn", "exit", "message", "error"]);
    const { command, args: before } = dyingWithUs(process.execPath);
    const [, out = "inherit", err = out] = stdioOf(options.stdio);
    this.child = fork(join(import.meta.dirname, "utilityChild.ts"), [modulePath, ...args], {
      execPath: command,
      execArgv: [...before, "--disable-warning=ExperimentalWarning", ...(options.execArgv ?? [])],
      env: (options.env ?? process.env) as NodeJS.ProcessEnv,
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      serialization: "advanced",
      stdio: ["ignore", out, err, "ipc"],
    });
    this.stdout = this.child.stdout;
    this.stderr = this.child.stderr;
    this.relay = createPortRelay("main-", nodePorts, (frame) => this.post(frame));
    running.add(this);
    this.child.on("message", (frame: UtilityFrame) => {
      if (frame.kind === "message") this.emit("message", frame.data);
      else this.relay.onFrame(frame);
    });
    this.child.once("spawn", () => {
      this.pid = this.child.pid;
      this.emit("spawn");
    });
    this.child.once("exit", (code, signal) =>
      this.ended(code ?? constants.signals[signal ?? "SIGKILL"], signal !== null, options.serviceName),
    );
  }

  postMessage(data: unknown, transfer: MessagePortMain[] = []): void {
    this.post({ kind: "message", data, ports: transfer.map((port) => this.relay.send(takePort(port))) });
  }

  kill(): boolean {
    return this.child.kill();
  }

  private post(frame: UtilityFrame): void {
    if (this.child.connected) this.child.send(frame);
  }

  private ended(exitCode: number, killed: boolean, serviceName = "Node Utility Process"): void {
    this.pid = undefined;
    running.delete(this);
    this.relay.end();
    this.emit("exit", exitCode);
    if (exitCode !== 0)
      app.emit(
        "child-process-gone",
        {},
        { type: "Utility", reason: killed ? "killed" : "abnormal-exit", exitCode, serviceName, name: serviceName },
      );
  }
}

type Stdio = "pipe" | "ignore" | "inherit";

function stdioOf(given: Electron.ForkOptions["stdio"]): Stdio[] {
  return (Array.isArray(given) ? given : Array.from({ length: 3 }, () => given ?? "inherit")) as Stdio[];
}

export const utilityProcess = strict(
  {
    fork(modulePath: string, args: string[] = [], options: Electron.ForkOptions = {}): UtilityProcess {
      if (!app.hasStarted) throw new Error("utilityProcess cannot be created before app is ready.");
      return strict(new UtilityProcess(modulePath, args, options), "UtilityProcess");
    },
  },
  "utilityProcess",
);

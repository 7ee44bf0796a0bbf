// Says in every report on what the desktop ran. "Stand-in passed" is not "Electron passed".
import type { FullConfig, FullResult, Reporter, Suite } from "@playwright/test/reporter";
import { chooseElectron } from "./electron.ts";

export default class ElectronReporter implements Reporter {
  private notRun = 0;

  onBegin(_config: FullConfig, suite: Suite): void {
    const { kind, executable } = chooseElectron();
    console.log(
      kind === "electron" ? `Desktop: Electron (${executable})` : "Desktop: the Electron stand-in, not Electron itself",
    );
    if (kind === "stand-in") this.notRun = suite.allTests().filter(({ tags }) => tags.includes("@real-only")).length;
  }

  onEnd({ status }: FullResult): void {
    const { kind } = chooseElectron();
    const subject = kind === "electron" ? "Electron" : "Electron stand-in";
    const missing = this.notRun > 0 ? ` (${this.notRun} @real-only not run)` : "";
    console.log(`${subject}: ${status}${missing}`);
  }

  printsToStdio(): boolean {
    return false;
  }
}

// `nativeTheme`: there is no desktop whose theme could be followed, so "system" is light.
import { StandInEmitter, strict } from "./strict.ts";

type Source = "system" | "light" | "dark";

class NativeTheme extends StandInEmitter {
  readonly shouldUseHighContrastColors = false;
  private source: Source = "system";

  constructor() {
    super("nativeTheme", ["updated"]);
  }

  get themeSource(): Source {
    return this.source;
  }
  set themeSource(source: Source) {
    if (source === this.source) return;
    this.source = source;
    this.emit("updated");
  }
  get shouldUseDarkColors(): boolean {
    return this.source === "dark";
  }
}

export const nativeTheme = strict(new NativeTheme().setMaxListeners(0), "nativeTheme");

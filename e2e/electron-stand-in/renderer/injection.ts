// The two scripts that Chromium runs before each document, as source text.
import { createCodec } from "../clone.ts";
import { createPortRelay } from "../portRelay.ts";
import { createContextBridge } from "./contextBridge.ts";
import { type IsolatedWorldOptions, runIsolatedWorld } from "./isolatedWorld.ts";
import { prepareMainWorld } from "./mainWorld.ts";

export interface Injection {
  readonly mainWorld: string;
  readonly isolatedWorld: string;
}

/** Only the top frame gets a preload, as in Electron without `nodeIntegrationInSubFrames`, and only where an app's scheme serves it. */
const guard = "if (window.top !== window || !location.hostname.endsWith('.stand-in.localhost')) return;";

export function createInjection(
  options: IsolatedWorldOptions,
  preload: { file: string; source: string } | undefined,
): Injection {
  const name = JSON.stringify(options.eventName);
  const script = preload
    ? `{ file: ${JSON.stringify(preload.file)}, run(require, process, module, exports) {\n${preload.source}\n} }`
    : "";
  return {
    mainWorld: `(() => { ${guard} (${prepareMainWorld})((${createContextBridge})(${name}, "main"), ${name}); })();`,
    isolatedWorld: `(() => { ${guard}
      const parts = { bridge: (${createContextBridge})(${name}, "isolated"), codec: (${createCodec})(), createRelay: ${createPortRelay} };
      (${runIsolatedWorld})(${JSON.stringify(options)}, parts, [${script}]);
    })();
    //# sourceURL=stand-in-preload.js`,
  };
}

/** Keeps no process alive; ends without resolving when the signal does. */
export const delay = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    timer.unref();
    signal?.addEventListener("abort", () => clearTimeout(timer), { once: true });
  });

/** F6: from one region of the window to the next, each marked with `data-region`, as in Outlook and Windows itself. */
export function moveRegion(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter(
    (region) => region.offsetParent !== null,
  );
  if (regions.length === 0) return;
  // The innermost: the history stands inside the card.
  const here = regions.findLastIndex((region) => region.contains(document.activeElement));
  const next = regions[(here === -1 ? (step === 1 ? 0 : -1) : here + step + regions.length) % regions.length];
  if (next) enterRegion(next);
}

/** Where the keys of a region begin. */
export function enterRegion(region: HTMLElement): void {
  const target = region.querySelector<HTMLElement>("[data-region-start]") ?? firstFocusable(region);
  if (!target) region.tabIndex = -1; // nothing in it takes keys, yet it can be read from here
  (target ?? region).focus();
}

/** What had the keys is gone, and its region with it: one goes on with the list beside it. */
export function enterList(): void {
  const list = document.querySelector<HTMLElement>('[data-region="list"]');
  if (list) enterRegion(list);
}

const firstFocusable = (region: HTMLElement) =>
  region.querySelector<HTMLElement>(
    'a[href], button:not(:disabled), input:not(:disabled), textarea, [tabindex]:not([tabindex="-1"])',
  );

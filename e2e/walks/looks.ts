// Screenshots that are kept (results/screens), and the look at each main screen for what shuts people out.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import type { DesktopApi } from "@kontor/desktop/contract";

export const screensFolder = join(import.meta.dirname, "../results/screens");

/** The window as it is now. */
export async function keepScreen(page: Page, name: string): Promise<void> {
  mkdirSync(screensFolder, { recursive: true });
  await page.screenshot({ path: join(screensFolder, `${name}.png`), animations: "disabled" });
}

interface Look {
  readonly theme: "light" | "dark";
  readonly locale: "en" | "ru";
}

const LOOKS: readonly Look[] = [
  { theme: "light", locale: "en" },
  { theme: "dark", locale: "en" },
  { theme: "dark", locale: "ru" },
  { theme: "light", locale: "ru" },
];

/** `KONTOR_LOOKS=one` keeps each screen as it is, light and English: three more pictures of each are minutes of a full run. */
const kept = process.env["KONTOR_LOOKS"] === "one" ? LOOKS.slice(0, 1) : LOOKS;

/** Keeps the desktop's window in both themes and both languages, and leaves it light and English. */
export async function keepScreenInAllLooks(page: Page, name: string): Promise<void> {
  for (const look of kept) {
    await wear(page, look);
    await keepScreen(page, `${name}-${look.theme}-${look.locale}`);
  }
  await wear(page, { theme: "light", locale: "en" });
}

export async function wear(page: Page, { theme, locale }: Look): Promise<void> {
  await page.evaluate((change) => (window as unknown as { kontor: DesktopApi }).kontor.changeSettings(change), {
    theme,
    locale,
  });
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", theme);
  await expect(page.locator("html")).toHaveAttribute("lang", locale);
}

/** No serious or critical violation of WCAG 2.2 A and AA on what is shown now. */
export async function expectAccessible(page: Page): Promise<void> {
  await expectStill(page);
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    .setLegacyMode(true) // the other mode opens a page of its own, which Electron does not allow
    .analyze();
  const grave = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`) }));
  expect(grave).toEqual([]);
}

/** What comes or goes is pale for a moment, and no contrast of it is anybody's. What never ends (a loader) is not waited for. */
const expectStill = (page: Page): Promise<void> =>
  expect
    .poll(() =>
      page.evaluate(
        () =>
          document
            .getAnimations()
            .filter(({ effect, playState }) => playState === "running" && effect?.getTiming().iterations !== Infinity)
            .length,
      ),
    )
    .toBe(0);

import {
  ActionIcon,
  Badge,
  Button,
  Checkbox,
  createTheme,
  Kbd,
  Menu,
  Modal,
  Switch,
  Tooltip,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from "@mantine/core";

/** From the lightest to the darkest; the sixth is the accent on light ground, the third the one on dark. */
const accent: MantineColorsTuple = [
  "#e2f1f3",
  "#c3e3e8",
  "#8fcbd5",
  "#4cb8c9",
  "#2496a9",
  "#14808f",
  "#0b6e7f",
  "#09596a",
  "#07434f",
  "#052f38",
];

/** Mantine's own grounds and lines on dark, from our tokens: text, dimmed, …, line, hover, raised, surface, ground. */
const dark: MantineColorsTuple = [
  "#e8ebf0",
  "#a9b2c1",
  "#8f99aa",
  "#6f7a8c",
  "#2c323d",
  "#262c36",
  "#212630",
  "#1a1e25",
  "#14171c",
  "#0f1216",
];

export const theme = createTheme({
  colors: { accent, dark },
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 3 },
  fontFamily: '"Inter Variable", "Noto Sans", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "13px", lg: "14px", xl: "18px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.45", lg: "1.45", xl: "1.3" },
  headings: {
    fontWeight: "640",
    sizes: { h1: { fontSize: "18px" }, h2: { fontSize: "14px" }, h3: { fontSize: "12px" } },
  },
  radius: { xs: "4px", sm: "6px", md: "7px", lg: "10px", xl: "14px" },
  defaultRadius: "md",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      defaultProps: { size: "compact-md", variant: "default" },
      // Mantine writes white on every filled button; our accent on dark is too light for that.
      vars: (_theme, { color, variant }) =>
        variant === "filled" && (color === undefined || color === "accent")
          ? { root: { "--button-color": "var(--on-accent)" } }
          : { root: {} },
      styles: { root: { height: 28, paddingInline: 11, fontWeight: 520, fontSize: 13 } },
    }),
    Kbd: Kbd.extend({ styles: { root: { fontFamily: "inherit", fontWeight: 450 } } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray", size: 28 } }),
    Badge: Badge.extend({ defaultProps: { radius: "sm", tt: "none" } }),
    Checkbox: Checkbox.extend({ defaultProps: { size: "xs" } }),
    Menu: Menu.extend({
      defaultProps: { shadow: "md", radius: "md", transitionProps: { duration: 80 } },
      styles: { item: { fontSize: 13, padding: "6px 10px" }, label: { fontSize: 12 } },
    }),
    Modal: Modal.extend({
      defaultProps: { centered: true, radius: "lg", transitionProps: { duration: 100 } },
      styles: { title: { fontSize: 15, fontWeight: 620 } },
    }),
    Switch: Switch.extend({ defaultProps: { withThumbIndicator: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, fz: 12, multiline: true, maw: 320 } }),
  },
});

/** Mantine's own variables follow our tokens, so that its parts and ours are one surface. */
export const mantineFromTokens: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--surface)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--ink-3)",
    "--mantine-color-placeholder": "var(--ink-3)",
    "--mantine-color-error": "var(--bad)",
    // Mantine's red is too light for text on white (3.3:1).
    "--mantine-color-red-6": "var(--bad)",
    "--mantine-color-red-text": "var(--bad)",
    "--mantine-color-red-outline": "var(--bad)",
    "--mantine-color-red-light-color": "var(--bad)",
    "--mantine-color-red-filled": "#b42318",
    "--mantine-color-red-filled-hover": "#9a1d13",
    "--mantine-color-default": "var(--surface)",
    "--mantine-color-default-hover": "var(--hover)",
    "--mantine-color-default-color": "var(--ink)",
    "--mantine-color-default-border": "var(--line)",
    "--mantine-color-anchor": "var(--accent)",
  };
  return { variables: {}, light: shared, dark: shared };
};

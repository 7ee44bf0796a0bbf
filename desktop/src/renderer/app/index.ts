export { App } from "./App.tsx";
export { enterList } from "./regions.ts";
export { go } from "./route.ts";
export type { Route } from "./route.ts";
export { useShortcuts } from "./useShortcuts.ts";

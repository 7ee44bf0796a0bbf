export { createPages } from "./pages.renderer.ts";

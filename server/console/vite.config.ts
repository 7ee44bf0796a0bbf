import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The server serves it below /console/ with a policy that runs no inline script.
export default defineConfig({
  base: "/console/",
  plugins: [react()],
  build: { outDir: "dist", assetsInlineLimit: 0, chunkSizeWarningLimit: 1_200 },
});

import { existsSync } from "node:fs";
import { join } from "node:path";
import express, { type Express } from "express";

/** Serves the administrators' console, a static app; every address below `/console/` that is no file is the app itself. */
export function mountConsole(app: Express, { directory }: { directory: string }): void {
  const index = join(directory, "index.html");
  app.get("/", (_request, response) => void response.redirect("/console/"));
  app.get(/^\/console$/, (_request, response) => void response.redirect("/console/"));
  // Built files carry a hash of their content in their name, so a browser may keep them for ever; the page itself not.
  app.use(
    "/console/assets",
    express.static(join(directory, "assets"), { immutable: true, maxAge: "365d", fallthrough: false }),
  );
  app.use("/console", express.static(directory, { index: false, maxAge: 0 }));
  app.get("/console/{*path}", (_request, response) => {
    if (!existsSync(index))
      return void response
        .status(503)
        .type("text")
        .send("The console has not been built on this server. Build it with: npm run build\n");
    response.setHeader("cache-control", "no-cache");
    response.sendFile(index);
  });
}

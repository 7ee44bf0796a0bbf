import { dirname } from "node:path";
import { createRequire } from "node:module";
import express, { type Express } from "express";

/** The API's browsable pages (Swagger UI), from our own server: the console's network may have no way out. */
export function mountApiDocs(app: Express): void {
  const assets = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  app.get(/^\/api\/docs$/, (_request, response) => void response.redirect("/api/docs/"));
  app.get("/api/docs/", (_request, response) => void response.type("html").send(PAGE));
  app.get("/api/docs/start.js", (_request, response) => void response.type("js").send(START));
  app.use("/api/docs", express.static(assets, { index: false, maxAge: "1d" }));
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Kontor API</title>
    <link rel="stylesheet" href="swagger-ui.css" />
    <link rel="icon" href="favicon-32x32.png" />
  </head>
  <body>
    <div id="api"></div>
    <script src="swagger-ui-bundle.js"></script>
    <script src="start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });\n`;

import "@fontsource-variable/inter";
import "@mantine/core/styles.css";
import "@mantine/dates/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "@mantine/tiptap/styles.css";
import "@kontor/theme/tokens.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { z } from "zod";
import { App } from "./app/index.ts";
import { startWords } from "./words/index.ts";

// The page's policy runs no code from text; zod would try to, see that it cannot, and leave a violation in the log.
z.config({ jitless: true });

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
const [settings, session] = await Promise.all([window.kontor.settings(), window.kontor.session()]);
await startWords(settings.locale);
createRoot(root).render(
  <StrictMode>
    <App settings={settings} session={session} />
  </StrictMode>,
);

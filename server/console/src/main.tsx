import "@fontsource-variable/inter";
import "@mantine/core/styles.css";
import "@mantine/charts/styles.css";
import "@mantine/notifications/styles.css";
import "@kontor/theme/tokens.css";
import "./app/console.css";
import { MantineProvider } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api/api.ts";
import { App } from "./app/App.tsx";
import { mantineFromTokens, theme } from "@kontor/theme";
import { startWords } from "./words/words.ts";

const RETRIES = 2;
const queries = new QueryClient({
  defaultOptions: {
    // What the server refuses stays refused; only a lost connection or a busy server is worth asking again.
    queries: {
      staleTime: 5_000,
      retry: (count, error) =>
        count < RETRIES && error instanceof Problem && (error.status === 0 || error.status >= 500),
    },
  },
});

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
await startWords();
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={mantineFromTokens} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <ModalsProvider>
          <Notifications position="bottom-right" />
          <App />
        </ModalsProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);

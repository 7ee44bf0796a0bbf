#!/usr/bin/env node
import { Command, InvalidArgumentError } from "commander";
import { isDomainError } from "@kontor/shared/base";
import { readConfig } from "#config";
import { version } from "#kernel";
import { startKontor } from "./main.ts";

const program = new Command("kontor")
  .description("The Kontor server and its tools")
  .version(version)
  .showHelpAfterError();

const port = (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError("A port is a number from 0 to 65535.");
  return value;
};

program
  .command("serve")
  .description("run the server until it is told to stop")
  .option("--data <directory>", "where the database and files are kept (KONTOR_DATA)")
  .option("--port <number>", "port to listen on; 0 takes a free one (KONTOR_PORT)", port)
  .option("--host <address>", "address to listen on (KONTOR_HOST)")
  .action(async (options: { data?: string; port?: number; host?: string }) => {
    const server = await startKontor(
      readConfig(process.env, { dataDirectory: options.data, port: options.port, host: options.host }),
    );
    console.log(`Kontor is listening on ${server.url}`);
    let stopping = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(1); // asked twice: at once
        stopping = true;
        void server.stop().then(() => process.exit(0));
      });
    }
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(isDomainError(error) ? error.message : error);
  process.exit(1);
}

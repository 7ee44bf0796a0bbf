/** The other mail server of a bench, in a process of its own: takes everything, keeps nothing, and tells its port. */
import { SMTPServer } from "smtp-server";

const server = new SMTPServer({
  authOptional: true,
  disableReverseLookup: true,
  disabledCommands: ["STARTTLS"],
  logger: false,
  onData(stream, _session, done) {
    stream.resume();
    stream.once("end", () => done(null, "2.0.0 Taken"));
  },
});
server.listen(0, "127.0.0.1", () => {
  const address = server.server.address();
  console.info(address !== null && typeof address === "object" ? address.port : 0);
});
process.stdin.on("end", () => process.exit()).resume();

import { afterAll, beforeAll, expect, it } from "vitest";
import { startDnsServer, type DnsServer } from "../../../test/mail/dnsServer.ts";
import { ask } from "../../mail/domains/dns.port.ts";
import { createSystemDns } from "./system.dns.ts";

const LONG = "v=DKIM1; k=rsa; p=" + "A".repeat(392);
let server: DnsServer;
beforeAll(async () => {
  server = await startDnsServer({
    "ours.example": {
      MX: [{ exchange: "mail.ours.example", priority: 10 }],
      TXT: ["v=spf1 mx -all", LONG],
      A: ["192.0.2.1"],
    },
    "mail.ours.example": { AAAA: ["2001:db8::1"] },
    "1.2.0.192.in-addr.arpa": { PTR: ["mail.ours.example"] },
  });
});
afterAll(() => server.stop());

it("asks the name servers that it was told, and tells no name from no record", async () => {
  const dns = createSystemDns({ servers: [server.address] });
  expect(await dns.resolve("ours.example", "MX")).toMatchObject([{ exchange: "mail.ours.example", priority: 10 }]);
  expect((await dns.resolve("ours.example", "TXT")).map((strings) => strings.join("")).toSorted()).toEqual(
    [LONG, "v=spf1 mx -all"].toSorted(),
  );
  expect(await dns.resolve("ours.example", "A")).toEqual(["192.0.2.1"]);
  expect(await dns.resolve("mail.ours.example", "AAAA")).toEqual(["2001:db8::1"]);
  expect(await dns.resolve("1.2.0.192.in-addr.arpa", "PTR")).toEqual(["mail.ours.example"]);
  expect(await ask(dns.resolve("mail.ours.example", "MX"))).toEqual({ kind: "none", noName: false });
  expect(await ask(dns.resolve("gone.example", "MX"))).toEqual({ kind: "none", noName: true });
  expect(await ask(dns.resolve("x".repeat(70) + ".example", "A"))).toEqual({ kind: "none", noName: true });
});

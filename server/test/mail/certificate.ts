import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

/** One that nobody vouches for, for these names; whoever trusts `cert` itself is content with it. */
export function makeCertificate(...names: readonly string[]): Certificate {
  const directory = mkdtempSync(join(tmpdir(), "kontor-certificate-"));
  try {
    const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const alternatives = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(",");
    const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=kontor-test";
    const rest = ["-addext", `subjectAltName=${alternatives}`, "-keyout", key, "-out", cert];
    execFileSync("openssl", [...request.split(" "), ...rest], { stdio: "ignore" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";

/** Files in PEM. */
export interface Certificate {
  certificate: string;
  key: string;
}

/** A certificate that only itself vouches for, of 2 days, for names as `DNS:obra.localhost` or `IP:127.0.0.1`. Needs openssl. */
export async function selfSigned(...names: string[]): Promise<Certificate> {
  const folder = await temporaryFolder("certificate");
  const [certificate, key] = [join(folder, "fullchain.pem"), join(folder, "privkey.pem")];
  const subject = ["-subj", "/CN=basecommerce", "-addext", `subjectAltName=${names.join(",")}`];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const command = ["openssl", "req", "-x509", ...curve, ...subject, "-keyout", key, "-out", certificate];
  const made = Bun.spawnSync(command, { stderr: "pipe" });
  if (made.exitCode !== 0) throw new Error(`openssl made no certificate: ${made.stderr}`);
  return { certificate, key };
}

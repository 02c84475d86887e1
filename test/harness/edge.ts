import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { freePort } from "./ports.ts";

const SHIPPED = join(import.meta.dir, "../../infra/nginx");

export interface EdgeOptions {
  /** Where the servers behind are, `host:port` or a port of 127.0.0.1; requests go round robin. */
  verticals: readonly (number | string)[];
  engines: readonly (number | string)[];
  /** The domain whose subdomains are shops, put in by render.sh. Default: as shipped. */
  domain?: string;
  /** With TLS: tls.conf, on this port, with a certificate and key in PEM. */
  tls?: { port: number; certificate: string; key: string };
  /** Where it listens. Default: 127.0.0.1 and a free port. */
  listen?: { address: string; port: number };
  /** A process whose network it takes part in. */
  network?: number;
  /** Exact texts of nginx.conf, and what somebody has put in their place. */
  changes?: Record<string, string>;
}

/** The real nginx with infra/nginx/nginx.conf on ports of its own, before the given servers. */
export interface Edge {
  port: number;
  nginx: Nginx;
}

export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { verticals, engines, domain, tls, network, changes = {} } = options;
  const { address, port } = options.listen ?? { address: "127.0.0.1", port: freePort() };
  const nginx = await startNginx({
    config: domain === undefined ? join(SHIPPED, "nginx.conf") : await rendered(domain),
    substitutions: {
      "worker_processes auto;": "worker_processes 2;",
      "listen 80 default_server;": `listen ${address}:${port} default_server;`,
      "server vertical:8000 max_fails=3 fail_timeout=2s;": servers(verticals),
      "server engines:8002 max_fails=3 fail_timeout=2s;": servers(engines),
      "include /etc/nginx/tls/*.conf;": tls ? `include ${await tlsFile(tls)};` : "",
      ...changes,
    },
    ...(network === undefined ? {} : { network }),
  });
  return { port, nginx };
}

function servers(places: readonly (number | string)[]): string {
  const at = (place: number | string) => (typeof place === "number" ? `127.0.0.1:${place}` : place);
  return places.map((place) => `server ${at(place)} max_fails=3 fail_timeout=2s;`).join("\n");
}

async function tlsFile({ port, certificate, key }: { port: number; certificate: string; key: string }) {
  const file = join(await temporaryFolder("tls"), "tls.conf");
  const text = (await Bun.file(join(SHIPPED, "tls.conf")).text())
    .replace("listen 443 ssl http2 default_server;", `listen 127.0.0.1:${port} ssl http2 default_server;`)
    .replace("/etc/letsencrypt/live/basecommerce/fullchain.pem", certificate)
    .replace("/etc/letsencrypt/live/basecommerce/privkey.pem", key);
  await Bun.write(file, text);
  return file;
}

/** nginx.conf with the operator's domain, as an operator puts it in. */
async function rendered(domain: string): Promise<string> {
  const filter = Bun.spawn(["sh", join(SHIPPED, "render.sh"), domain], {
    stdin: Bun.file(join(SHIPPED, "nginx.conf")),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [text, complaint] = await Promise.all([new Response(filter.stdout).text(), new Response(filter.stderr).text()]);
  if ((await filter.exited) !== 0) throw new Error(complaint.trim());
  const file = join(await temporaryFolder("nginx-conf"), "nginx.conf");
  await Bun.write(file, text);
  return file;
}

/** What a client gets that writes exactly these bytes and reads until the other side closes. */
export async function exchange(port: number, request: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let received = "";
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: (_, bytes) => {
        received += bytes.toString("latin1");
      },
      close: () => resolve(received),
      error: (_, error) => reject(error),
    },
  });
  socket.write(request);
  return await promise;
}

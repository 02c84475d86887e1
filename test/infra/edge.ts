import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SHIPPED = join(import.meta.dir, "../../infra/nginx/nginx.conf");
const SHIPPED_TLS = join(import.meta.dir, "../../infra/nginx/tls.conf");
const START_MS = 10_000;

export interface EdgeOptions {
  /** Ports of the servers behind, on 127.0.0.1; requests go round robin. */
  verticals: number[];
  engines: number[];
  /** The domain whose subdomains are shops, put in by render.sh. Default: as shipped. */
  domain?: string;
  /** With TLS: tls.conf, on this port, with a certificate and key in PEM. */
  tls?: { port: number; certificate: string; key: string };
}

/** The real nginx with the shipped configuration on ports of its own. */
export interface Edge {
  port: number;
  accessLog(): Promise<string>;
  errorLog(): Promise<string>;
  stop(): Promise<void>;
}

export async function startEdge({ verticals, engines, domain, tls }: EdgeOptions): Promise<Edge> {
  const shipped = domain === undefined ? await Bun.file(SHIPPED).text() : await render(domain);
  const folder = await mkdtemp(join(tmpdir(), "edge-"));
  // Started by root, nginx hands its workers to another account, which has to reach the buffered bodies below.
  await chmod(folder, 0o755);
  const port = await freePort();
  const lines = (ports: number[]) => ports.map((p) => `server 127.0.0.1:${p} max_fails=3 fail_timeout=10s;`).join("\n");
  const buffers = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((k) => `${k}_temp_path ${folder}/${k};`);
  const config = substitute(shipped, [
    ["listen 80 default_server;", `listen 127.0.0.1:${port} default_server;`],
    ["server vertical:8000 max_fails=3 fail_timeout=10s;", lines(verticals)],
    ["server engines:8002 max_fails=3 fail_timeout=10s;", lines(engines)],
    ["access_log /var/log/nginx/access.log json;", `access_log ${folder}/access.log json;`],
    ["include /etc/nginx/tls/*.conf;", `include ${folder}/tls/*.conf;`],
    ["worker_processes auto;", "worker_processes 2;"],
    ["http {", `http {\n${buffers.join("\n")}`],
  ]);
  await Bun.write(join(folder, "nginx.conf"), config);
  if (tls) {
    const text = substitute(await Bun.file(SHIPPED_TLS).text(), [
      ["listen 443 ssl http2 default_server;", `listen 127.0.0.1:${tls.port} ssl http2 default_server;`],
      ["/etc/letsencrypt/live/basecommerce/fullchain.pem", tls.certificate],
      ["/etc/letsencrypt/live/basecommerce/privkey.pem", tls.key],
    ]);
    await Bun.write(join(folder, "tls/tls.conf"), text);
  }

  const globals = `daemon off; pid ${folder}/pid;`;
  const server = Bun.spawn(["nginx", "-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr", "-g", globals], {
    stdout: "ignore",
    stderr: Bun.file(join(folder, "error.log")),
  });
  const errorLog = () => Bun.file(join(folder, "error.log")).text();
  const stop = async () => {
    server.kill("SIGQUIT");
    const deadline = setTimeout(() => server.kill("SIGKILL"), 5_000);
    await server.exited;
    clearTimeout(deadline);
    await rm(folder, { recursive: true, force: true });
  };

  const until = performance.now() + START_MS;
  while (!(await accepts(port))) {
    if (server.exitCode !== null || performance.now() > until) {
      const reason = await errorLog();
      await stop();
      throw new Error(`nginx did not start: ${reason}`);
    }
    await Bun.sleep(5);
  }
  return { port, accessLog: () => Bun.file(join(folder, "access.log")).text(), errorLog, stop };
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

/** A port nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  probe.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = probe.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  const closed = Promise.withResolvers<void>();
  probe.close(() => closed.resolve());
  await closed.promise;
  return address.port;
}

async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => undefined } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

async function render(domain: string): Promise<string> {
  const filter = Bun.spawn(["sh", join(import.meta.dir, "../../infra/nginx/render.sh"), domain], {
    stdin: Bun.file(SHIPPED),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [text, complaint, code] = await Promise.all([
    new Response(filter.stdout).text(),
    new Response(filter.stderr).text(),
    filter.exited,
  ]);
  if (code !== 0) throw new Error(complaint.trim());
  return text;
}

/** Each text stands there exactly once, or the test would run another configuration than it thinks. */
function substitute(text: string, pairs: [from: string, to: string][]): string {
  let result = text;
  for (const [from, to] of pairs) {
    const count = result.split(from).length - 1;
    if (count !== 1) throw new Error(`${JSON.stringify(from)} stands in nginx.conf ${count} times`);
    result = result.replace(from, () => to);
  }
  return result;
}

import type { AnyElysia } from "elysia";

/** The port cannot be listened on. */
export class PortTaken extends Error {
  readonly code = "port_taken";
}

export interface HttpServer {
  /** Where it listens, e.g. `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly port: number;
  /** Takes no new connections, lets requests finish for `deadline_ms`, then cuts them. */
  stop(deadline_ms: number): Promise<void>;
}

export function listen(app: AnyElysia, hostname: string, port: number): HttpServer {
  try {
    // Elysia shares the port by default: a second process would silently take half of the requests.
    app.listen({ hostname, port, reusePort: false });
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (reason === "EADDRINUSE" || /port \d+ in use/i.test(String(error))) {
      throw new PortTaken(`port ${port} on ${hostname} is taken: end what listens there, or give another port`);
    }
    throw new PortTaken(`cannot listen on ${hostname}:${port} (${reason})`);
  }
  const server = app.server;
  if (!server) throw new PortTaken(`cannot listen on ${hostname}:${port}`);
  const shown = hostname === "0.0.0.0" || hostname === "::" ? "localhost" : hostname;
  return {
    url: `http://${shown}:${server.port}`,
    port: server.port ?? port,
    async stop(deadline_ms) {
      // stop() waits for open connections, idle ones too.
      await Promise.race([server.stop(), Bun.sleep(deadline_ms)]);
      await server.stop(true);
    },
  };
}

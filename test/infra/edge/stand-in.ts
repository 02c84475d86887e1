import { whenDone } from "../../harness/cleanup.ts";

/** A server behind the edge that says what reached it. */
export interface StandIn {
  port: number;
  /** Every request that arrived, as `METHOD /path`. */
  arrived: string[];
  stop(): Promise<void>;
}

export interface Echo {
  name: string;
  path: string;
  headers: Record<string, string>;
  bytes: number;
}

export function startStandIn(name: string, answer?: (request: Request) => Response | undefined): StandIn {
  const arrived: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    maxRequestBodySize: 64 * 1024 * 1024,
    fetch: async (request) => {
      const url = new URL(request.url);
      arrived.push(`${request.method} ${url.pathname}`);
      const own = answer?.(request);
      if (own) return own;
      const headers = Object.fromEntries(request.headers);
      const bytes = (await request.arrayBuffer()).byteLength;
      const echo: Echo = { name, path: url.pathname + url.search, headers, bytes };
      return Response.json(echo, { headers: { "x-request-id": "its own", "x-content-type-options": "nosniff" } });
    },
  });
  const { port } = server;
  if (port === undefined) throw new Error("the stand-in has no port");
  return { port, arrived, stop: whenDone(() => server.stop(true)) };
}

/** A server that reads a whole request and then hangs up, as one that is killed in the middle of its work. */
export function startDeserter(): StandIn {
  const arrived: string[] = [];
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (socket, bytes) => {
        const text = bytes.toString("latin1");
        if (/^[A-Z]+ \//.test(text)) arrived.push(text.slice(0, text.indexOf(" HTTP/")));
        socket.terminate();
      },
    },
  });
  return {
    port: server.port,
    arrived,
    stop: whenDone(() => server.stop(true)),
  };
}

import { checkServerIdentity, connect, type PeerCertificate } from "node:tls";

/** A deployment as somebody outside reaches it. */
export interface Target {
  /** Scheme, address and port. */
  url: URL;
  /** The shop's name in the domain: `casa.example.com`. */
  host: string;
}

/** What one request differs in. */
interface Differing {
  /** Host it names, instead of the shop's. */
  host?: string;
  headers?: Record<string, string>;
}

export interface Check {
  name: string;
  /** Resolves when it is as it should be; rejects with what is not. */
  run(target: Target): Promise<void>;
}

const TIMEOUT_MS = 10_000;
/** Renewal is due a month before the end; this late it has failed. */
const CERTIFICATE_DAYS = 14;

async function ask(target: Target, path: string, { host = target.host, headers }: Differing = {}): Promise<Response> {
  return await fetch(new URL(path, target.url), {
    headers: { host, ...headers },
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    // The certificate is the shop's, also where the URL has only an address.
    tls: {
      checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(target.host, certificate),
    },
  });
}

function must(right: boolean, reason: string): void {
  if (!right) throw new Error(reason);
}

async function status(target: Target, path: string, wanted: number): Promise<Response> {
  const answer = await ask(target, path);
  must(answer.status === wanted, `GET ${path} answers ${answer.status}, not ${wanted}`);
  return answer;
}

async function slugOf(answer: Response): Promise<unknown> {
  const body: unknown = await answer.json().catch(() => undefined);
  return typeof body === "object" && body !== null && "slug" in body ? body.slug : undefined;
}

const HEADERS: readonly (readonly [string, RegExp])[] = [
  ["x-content-type-options", /^nosniff$/],
  ["x-frame-options", /^DENY$/],
  ["content-security-policy", /frame-ancestors/],
  ["referrer-policy", /./],
  ["x-request-id", /./],
];

function requireHeaders(answer: Response, { url }: Target): void {
  const wanted = url.protocol === "https:" ? [...HEADERS, ["strict-transport-security", /max-age/] as const] : HEADERS;
  const wrong = wanted.filter(([name, form]) => !form.test(answer.headers.get(name) ?? "")).map(([name]) => name);
  must(wrong.length === 0, `missing or wrong: ${wrong.join(", ")}`);
}

const labelOf = ({ host }: Target) => host.split(".")[0] ?? "";

/** What is true of every deployment that is well. */
export const CHECKS: readonly Check[] = [
  {
    name: "health",
    run: async (target) => {
      await status(target, "/health", 200);
    },
  },
  {
    name: "shop",
    run: async (target) => {
      const slug = await slugOf(await status(target, "/tenant.json", 200));
      must(slug === labelOf(target), `/tenant.json is of ${String(slug)}, not of ${labelOf(target)}`);
    },
  },
  {
    name: "security headers",
    run: async (target) => {
      requireHeaders(await status(target, "/tenant.json", 200), target);
      // Refusals of the edge carry them too.
      requireHeaders(await ask(target, "/metrics"), target);
    },
  },
  {
    name: "spoofed shop",
    run: async (target) => {
      const slug = await slugOf(await ask(target, "/tenant.json", { headers: { "x-tenant-slug": "somebody-else" } }));
      must(slug === labelOf(target), "what a client says in X-Tenant-Slug is believed");
    },
  },
  {
    name: "unknown host",
    run: async (target) => {
      const answer = await ask(target, "/tenant.json", { host: "unknown.invalid" }).catch(() => undefined);
      must(answer === undefined || answer.status === 421, `a foreign host name is answered with ${answer?.status}`);
    },
  },
  {
    name: "closed paths",
    run: async (target) => {
      for (const path of ["/metrics", "/ready", "/api/v1/operator/engines"]) await status(target, path, 404);
    },
  },
  {
    name: "sign-in needed",
    run: async (target) => {
      const answer = await status(target, "/api/v1/products", 401);
      const type = answer.headers.get("content-type") ?? "";
      must(type.startsWith("application/problem+json"), `its answer is ${type}, not application/problem+json`);
    },
  },
  {
    name: "engines",
    run: async (target) => {
      await status(target, "/api/v1/engines", 401);
      await status(target, "/api/v1/engines/stock/alerts", 401);
    },
  },
  { name: "certificate", run: requireCertificate },
];

/** That it is valid for the name a fetch has seen already; here, for how long. */
async function requireCertificate({ url, host }: Target): Promise<void> {
  if (url.protocol !== "https:") return;
  const port = Number(url.port || 443);
  const { promise, resolve, reject } = Promise.withResolvers<Date>();
  const socket = connect({ host: url.hostname, port, servername: host, timeout: TIMEOUT_MS }, () => {
    resolve(new Date(socket.getPeerCertificate().valid_to));
  });
  socket.on("error", reject);
  socket.on("timeout", () => reject(new Error("no answer")));
  const days = ((await promise.finally(() => socket.destroy())).getTime() - Date.now()) / 86_400_000;
  must(days > CERTIFICATE_DAYS, `it ends in ${Math.floor(days)} days`);
}

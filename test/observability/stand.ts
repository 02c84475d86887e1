import { join } from "node:path";
import { type Platform, shopWith, startPlatform } from "../e2e/platform.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { PROGRAM } from "../harness/program.ts";
import { startCollector } from "./collector.ts";
import { ECHO, LISTENER } from "./engines.ts";

/** What a shop's people and customers would not like to read in a log. None of it occurs otherwise. */
export const PRIVATE = {
  admin_name: "Zenaide Administradora",
  email: "zenaide@particular.example",
  wrong_password: "guess-7f3c9a",
  customer: "Zulmira Quaresma",
  company: "Quaresma & Filhas Telhas",
  cpf: "529.982.247-25",
  cnpj: "11.222.333/0001-81",
  customer_email: "zulmira@obra.example",
  phone: "+55 11 98765-4321",
  street: "Travessa das Jabuticabeiras",
  notes: "prefere ser chamada de Zuzu",
};

export interface Stand {
  platform: Platform;
  collector: ReturnType<typeof startCollector>;
  password: string;
  access_token: string;
  refresh_token: string;
  /** Asks the edge as the shop's admin. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export interface Answer {
  status: number;
  body: Record<string, unknown>;
  request_id: string;
}

/** Three processes that say and trace all they can, behind nginx, with one shop and its admin. */
export async function startStand(): Promise<Stand> {
  const plugins = await temporaryFolder("plugins");
  await Bun.write(join(plugins, "echo/engine.ts"), ECHO);
  await Bun.write(join(plugins, "listener/engine.ts"), LISTENER);
  const collector = startCollector();
  const env = { LOG_LEVEL: "trace", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const platform = await startPlatform({ command: PROGRAM, plugins, env }, [
    join(plugins, "echo"),
    join(plugins, "listener"),
  ]);
  const { password } = await shopWith(platform, "particular", "admin");
  const tokens = { access_token: "", refresh_token: "" };
  const call: Stand["call"] = async (method, path, body, headers = {}) => {
    const answer = await fetch(`${platform.url}${path}`, {
      method,
      headers: {
        host: "particular.localhost",
        ...(tokens.access_token && { authorization: `Bearer ${tokens.access_token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const parsed: unknown = JSON.parse((await answer.text()) || "{}");
    const request_id = answer.headers.get("x-request-id") ?? "";
    return { status: answer.status, body: typeof parsed === "object" ? { ...parsed } : {}, request_id };
  };
  const { body } = await call("POST", "/auth/login", { email: "a@particular.test", password });
  tokens.access_token = String(body.access_token);
  tokens.refresh_token = String(body.refresh_token);
  return { platform, collector, password, ...tokens, call };
}

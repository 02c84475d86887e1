import { whenDone } from "../harness/cleanup.ts";

/** A span as a collector gets it. */
export interface SeenSpan {
  service: string;
  name: string;
  trace_id: string;
  span_id: string;
  /** Empty for the first of a trace. */
  parent_id: string;
  kind: number;
  /** 2 = error. */
  status: number;
  attributes: Record<string, string>;
}

interface OtlpSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind: number;
  status?: { code?: number };
  attributes?: { key: string; value: Record<string, unknown> }[];
}

interface OtlpTraces {
  resourceSpans: {
    resource: { attributes: { key: string; value: Record<string, unknown> }[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
}

/** Takes traces by OTLP over HTTP on loopback, as a collector does. */
export function startCollector(): { url: string; spans: SeenSpan[]; text(): string } {
  const spans: SeenSpan[] = [];
  const bodies: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    routes: {
      "/v1/traces": {
        POST: async (request) => {
          const body = await request.text();
          bodies.push(body);
          spans.push(...spansOf(JSON.parse(body)));
          return Response.json({});
        },
      },
    },
  });
  whenDone(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}`, spans, text: () => bodies.join("\n") };
}

function spansOf({ resourceSpans }: OtlpTraces): SeenSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: textOf(resource.attributes.find(({ key }) => key === "service.name")?.value),
        name: span.name,
        trace_id: span.traceId,
        span_id: span.spanId,
        parent_id: span.parentSpanId ?? "",
        kind: span.kind,
        status: span.status?.code ?? 0,
        attributes: Object.fromEntries((span.attributes ?? []).map(({ key, value }) => [key, textOf(value)])),
      })),
    ),
  );
}

function textOf(value: Record<string, unknown> | undefined): string {
  return String(Object.values(value ?? {})[0] ?? "");
}

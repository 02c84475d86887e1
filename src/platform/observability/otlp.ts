import { DiagLogLevel, diag, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { version } from "../../../package.json" with { type: "json" };
import type { Log } from "./log.ts";
import { formatTraceparent, parseTraceparent, type Tracing } from "./tracing.ts";

// Loaded only where a collector is configured: the library costs a start some tens of milliseconds and some megabytes.

/** How traces are sent; plain data, so that it can be handed to a Worker. */
export interface OtlpOptions {
  /** Base URL of a collector that takes OTLP over HTTP. */
  endpoint: string;
  /** Share of the traces that begin here which are kept, 0–1; what comes with a trace follows its decision. */
  share: number;
  /** Name under which this process is shown. */
  service: string;
}

const KINDS = { server: SpanKind.SERVER, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER };
/** A collector that is away must not keep a process from ending. */
const CLOSE_MS = 2000;

/** Traces by OTLP over HTTP, in batches, never in anybody's way: what cannot be sent is dropped. */
export function otlpTracing({ endpoint, share, service }: OtlpOptions, log: Log): Tracing {
  const tell = (message: string) => log.warn({ reason: message.slice(0, 200) }, "traces cannot be sent");
  const ignore = () => undefined;
  diag.setLogger(
    { error: tell, warn: ignore, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces` });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "service.version": version }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1000 })],
  });
  const tracer = provider.getTracer("basecommerce", version);
  return {
    on: true,
    start({ name, kind, parent, attributes, began_at }) {
      const cause = parseTraceparent(parent);
      const context = cause
        ? trace.setSpanContext(ROOT_CONTEXT, {
            traceId: cause.trace_id,
            spanId: cause.span_id,
            traceFlags: cause.flags,
            isRemote: true,
          })
        : ROOT_CONTEXT;
      const startTime = began_at === undefined ? {} : { startTime: began_at };
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: attributes ?? {}, ...startTime }, context);
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        traceparent: formatTraceparent({ trace_id: traceId, span_id: spanId, flags: traceFlags }),
        end({ name: final, attributes: more, error } = {}) {
          if (final !== undefined) span.updateName(final);
          if (more) span.setAttributes(more);
          if (error !== undefined) span.setAttribute("error.type", error).setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
    async close() {
      await Promise.race([provider.shutdown().catch(ignore), Bun.sleep(CLOSE_MS)]);
    },
  };
}

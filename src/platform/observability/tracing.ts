/** A piece of work that is being traced. */
export interface Span {
  /** W3C `traceparent` that what this work brings about goes on from. */
  readonly traceparent: string;
  end(ending?: SpanEnding): void;
}

export interface SpanEnding {
  /** What the work turned out to be, where that was not known at its beginning. */
  name?: string;
  attributes?: SpanAttributes;
  /** A code, never a message: messages can hold anything. Undefined when it went well. */
  error?: string | undefined;
}

/** Never a person's data: ids, types, counts. */
export type SpanAttributes = Record<string, string | number>;

export interface NewSpan {
  name: string;
  kind: "server" | "producer" | "consumer";
  /** `traceparent` of what brought this about; null begins a trace. */
  parent: string | null;
  attributes?: SpanAttributes;
  /** When it began, in milliseconds since 1970; now unless given. */
  began_at?: number;
}

/** Where traces go, if anywhere. */
export interface Tracing {
  /** False when nothing is done with spans: callers need not make them for their own sake. */
  readonly on: boolean;
  start(span: NewSpan): Span;
  /** Sends what is still here. */
  close(): Promise<void>;
}

/** No collector is configured. Requests carry a trace all the same: the ledger and the log tell what belongs together. */
export const NO_TRACING: Tracing = {
  on: false,
  start: ({ parent }) => ({ traceparent: parent ?? newTraceparent(), end: () => undefined }),
  close: async () => undefined,
};

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export interface TraceContext {
  trace_id: string;
  span_id: string;
  flags: number;
}

/** The parts of a `traceparent` of version 00; undefined when it is none. Zero ids are none either. */
export function parseTraceparent(text: string | null): TraceContext | undefined {
  const [, trace_id = "", span_id = "", flags = ""] = TRACEPARENT.exec(text ?? "") ?? [];
  if (/^0*$/.test(trace_id) || /^0*$/.test(span_id)) return undefined;
  return { trace_id, span_id, flags: Number.parseInt(flags, 16) };
}

export function formatTraceparent({ trace_id, span_id, flags }: TraceContext): string {
  return `00-${trace_id}-${span_id}-${flags.toString(16).padStart(2, "0")}`;
}

function newTraceparent(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24)).toHex();
  return formatTraceparent({ trace_id: bytes.slice(0, 32), span_id: bytes.slice(32), flags: 1 });
}

/** What a load generator is to do; JSON on its standard input. */
export interface LoadPlan {
  port: number;
  /** Whole requests as they go over the wire; each connection sends one of them at random, again and again. */
  requests: string[];
  connections: number;
  /** Requests a connection has under way at a time. More than one spares the generator, which else would be the limit. */
  pipeline: number;
  warm_ms: number;
  measure_ms: number;
}

/** What came of it; JSON on its standard output. */
export interface LoadResult {
  answers: number;
  /** Answers other than 2xx; none is counted among `answers`. */
  refused: number;
  seconds: number;
  /** Milliseconds from a request to its answer. */
  p50_ms: number;
  p99_ms: number;
}

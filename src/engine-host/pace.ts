/** How often an engine's instance looks at what. Tests go faster. */
export interface Pace {
  /** Seconds a partition belongs to an owner that says nothing. */
  lease_seconds: number;
  /** Between two looks at the shares of the partitions; leases are renewed then, so well below their length. */
  balance_ms: number;
  /** Between two looks for parked events that are due. */
  retry_ms: number;
  /** Longest blocking read; then the ledger is asked whether the stream kept something back. */
  block_ms: number;
}

export const PACE: Pace = { lease_seconds: 10, balance_ms: 2000, retry_ms: 250, block_ms: 1000 };

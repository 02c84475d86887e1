/** What a writer process is to do; JSON on its standard input. */
export interface WriterPlan {
  /** Events by the vertical's unit of work, or jobs of graphile-worker. */
  kind: "events" | "jobs";
  url: string;
  redis_url: string;
  shops: number;
  per_second: number;
  seconds: number;
}

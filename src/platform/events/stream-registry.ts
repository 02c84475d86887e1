import type { Database } from "../database/database.ts";

/** The configured partition count is not the one the stream was made with: order per tenant would break. */
export class PartitionCountDiffers extends Error {
  readonly code = "partition_count";
}

/** Makes the stream with `partitions`, or checks that it was made so. */
export async function ensureStream(database: Database, stream: string, partitions: number): Promise<void> {
  await database.query("insert into event_stream (stream, partitions) values ($1, $2) on conflict do nothing", [
    stream,
    partitions,
  ]);
  const [made] = await database.query<{ partitions: number }>("select partitions from event_stream where stream = $1", [
    stream,
  ]);
  if (made?.partitions !== partitions) {
    throw new PartitionCountDiffers(
      `stream ${stream} was made with ${made?.partitions} partitions, configured are ${partitions}: set STREAM_PARTITIONS=${made?.partitions}`,
    );
  }
}

/** All streams with their partition counts. */
export async function madeStreams(database: Database): Promise<Map<string, number>> {
  const rows = await database.query<{ stream: string; partitions: number }>(
    "select stream, partitions from event_stream order by stream",
  );
  return new Map(rows.map((row) => [row.stream, row.partitions]));
}

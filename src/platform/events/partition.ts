/** Partitions of a stream unless configured otherwise; stored when the stream is made and never changed. */
export const DEFAULT_PARTITIONS = 16;

/** First 4 bytes of SHA-256(tenant_id), big-endian, modulo the stream's count: all events of a tenant share one. */
export function partitionOf(tenant_id: string, partitions: number): number {
  const digest = new Bun.CryptoHasher("sha256").update(tenant_id).digest();
  return digest.readUInt32BE(0) % partitions;
}

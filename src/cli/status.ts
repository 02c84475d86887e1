import { type Command, InvalidArgumentError } from "commander";
import { ConfigError, settingTexts } from "../config/config.ts";
import { SETTINGS } from "../config/settings.ts";
import { RedisStreams } from "../platform/streams/redis.ts";
import { LAG_COUNTED, type LedgerStatus, ledgerStatus } from "../relay/status.ts";
import { stopRequested } from "../runtime/signals.ts";
import { columns } from "./columns.ts";
import { withLedger } from "./ledger-access.ts";
import { OWNER_SETTINGS } from "./owner-url.ts";
import { givenFlags, withSettings } from "./setting-flags.ts";
import type { Surroundings } from "./surroundings.ts";

/** `basecommerce status`: ledger, relay and streams at a glance. */
export function registerStatus(program: Command, { environment, out }: Surroundings): void {
  withSettings(program.command("status"), [...OWNER_SETTINGS, SETTINGS.redis_url])
    .description("the ledger's head, the relay's place and lag, and with REDIS_URL the streams' lengths")
    .option("--json", "print it as JSON, each look on a line of its own")
    .option("--watch [seconds]", "look again and again, every 2 s unless said otherwise, until interrupted", seconds)
    .action(async (flags: Record<string, string | boolean | undefined>) => {
      const { redis_url } = settingTexts(givenFlags(flags), environment);
      const problem = redis_url ? SETTINGS.redis_url.check(redis_url) : undefined;
      if (problem !== undefined) throw new ConfigError([`REDIS_URL (--redis-url) ${problem}`]);
      const streams = redis_url ? new RedisStreams(redis_url, "basecommerce-status", () => undefined) : undefined;
      try {
        await withLedger(flags, environment, async (read) => {
          const look = async () => {
            const show = (status: LedgerStatus) => out(flags.json ? JSON.stringify(status) : table(status));
            try {
              show(await ledgerStatus(read, streams));
            } catch (error) {
              // Without Redis the ledger still tells how things are; where it does not either, that is the error.
              show(await ledgerStatus(read));
              throw error;
            }
          };
          if (flags.watch === undefined) {
            await look();
            return;
          }
          await repeatedly(flags.watch === true ? DEFAULT_SECONDS : Number(flags.watch), async () => {
            if (!flags.json) out(`\n${new Date().toISOString()}`);
            await look();
          });
        });
      } finally {
        await streams?.close();
      }
    });
}

const DEFAULT_SECONDS = 2;

function seconds(text: string): string {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 3600) return text;
  throw new InvalidArgumentError("must be a whole number of seconds from 1 to 3600");
}

/** Until SIGTERM or SIGINT. */
async function repeatedly(every_seconds: number, look: () => Promise<void>): Promise<void> {
  let running = true;
  const stopped = stopRequested().then(() => {
    running = false;
  });
  while (running) {
    await look();
    await Promise.race([stopped, Bun.sleep(every_seconds * 1000)]);
  }
}

function table(status: LedgerStatus): string {
  const { head, room, settled_seq, lag_events, lag_seconds, relay, partitions } = status;
  const lag = lag_events >= LAG_COUNTED ? `about ${lag_events}` : String(lag_events);
  const summary = columns(
    ["LEDGER HEAD", "ROOM", "RELAY AT", "LAG EVENTS", "LAG SECONDS", "RELAY"],
    [[String(head), String(room), String(settled_seq), lag, lag_seconds.toFixed(1), relay ?? "none is active"]],
  );
  const rows = partitions.map(({ stream, partition, last_seq, length, bytes }) => [
    stream,
    String(partition),
    String(last_seq),
    length === null ? "?" : String(length),
    bytes === null ? "?" : String(bytes),
  ]);
  return `${summary}\n\n${columns(["STREAM", "PARTITION", "LAST SEQ", "LENGTH", "BYTES"], rows)}`;
}

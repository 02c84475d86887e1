import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import { replayLeft, startReplay } from "../../engine-host/replay.ts";
import { withDatabase } from "../owner-database.ts";
import { OWNER_SETTINGS } from "../owner-url.ts";
import { withSettings } from "../setting-flags.ts";
import type { Surroundings } from "../surroundings.ts";

const LOOK_EVERY_MS = 500;

export function registerReplay(engine: Command, { environment, out }: Surroundings): void {
  withSettings(engine.command("replay <name>"), OWNER_SETTINGS)
    .description("empty what the engine derived and read the whole history again; what people entered stays")
    .option("--partial", "also when retention has cut the history")
    .option("--no-wait", "do not wait for the end")
    .action(async (name: string, flags: { partial?: boolean; wait: boolean }) => {
      await withDatabase({ ...flags }, environment, async (database) => {
        const { events } = await startReplay(database, name, flags.partial === true);
        out(`${name}: ${events} event(s) to read again`);
        if (!flags.wait) return;
        const bar = new SingleBar({
          format: "{bar} {percentage}% {value}/{total} {eta_formatted}",
          noTTYOutput: false,
        });
        bar.start(events, 0);
        for (let left = events; left > 0; left = await replayLeft(database, name)) {
          bar.update(events - left);
          await Bun.sleep(LOOK_EVERY_MS);
        }
        bar.update(events);
        bar.stop();
        out(`${name}: done`);
      });
    });
}

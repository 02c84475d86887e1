import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { manifestOf } from "../../src/engine-host/manifest.ts";
import { EnginePositions, type LockedPosition } from "../../src/engine-host/positions.ts";
import { codeOf } from "../../src/platform/database/errors.ts";
import { PostgresDatabase } from "../../src/platform/database/postgres.ts";
import { nameOf, type PartitionName } from "../../src/platform/streams/streams.ts";
import { until } from "../harness/until.ts";
import { recorder } from "./recorder.ts";
import { Scene } from "./scene.ts";

const SECOND = "where engine = 'recorder' and partition = 1";
const PARK = `
  insert into parked_event (engine, stream, partition, seq, event_id, tenant_id, event_type, version, key, payload,
    occurred_at, hops, state, attempts)
  values ('recorder', 'construction', 1, 11, gen_random_uuid(), gen_random_uuid(), 'x', 1, 'k', '{}', now(), 0, 'parked', 1)`;

/** What others do to the second of two rows at 10 that a batch moves to 20 without having locked them. */
const HARMLESS = [
  `update engine_position set lease_until = now() ${SECOND}`,
  `update engine_position set in_hand_seq = 11, in_hand_attempt = 1 ${SECOND}`,
];
const CONTRARY = [
  `update engine_position set owner = 'another' ${SECOND}`,
  `update engine_position set owner = null ${SECOND}`,
  `update engine_position set position = 11 ${SECOND}`,
  `update engine_position set position = 0, replay_until = 10 ${SECOND}`,
  `update engine_position set replay_until = 10 ${SECOND}`,
  `with parked as (${PARK}) update engine_position set position = 11 ${SECOND}`,
  `delete from engine_position ${SECOND}`,
];

describe("a batch that has not locked its positions", () => {
  let scene: Scene;
  let database: PostgresDatabase;
  let positions: EnginePositions;
  beforeAll(async () => {
    scene = await Scene.open(1);
    await scene.install(recorder());
    database = new PostgresDatabase({ url: scene.engines_url, application_name: "batch", max: 1 });
    positions = new EnginePositions(database, manifestOf(recorder()), "me");
  }, 60_000);
  afterAll(async () => {
    await database.close();
    await scene.close();
  });

  async function batch(): Promise<"moved" | "undone"> {
    const moves = [0, 1].map((partition) => ({ stream: "construction", partition, position: 20 }));
    const expected = new Map<PartitionName, LockedPosition>(
      moves.map((move) => [nameOf(move), { position: 10, replay_until: 0, parked: false }]),
    );
    try {
      await database.transaction({}, async (tx) => positions.advanceFrom(tx, expected, moves));
      return "moved";
    } catch (error) {
      expect(codeOf(error)).toBe("22012");
      return "undone";
    }
  }

  /** The batch's outcome when `statement` commits before it, or while it waits for the row. */
  async function meeting(statement: string, when: "before" | "while"): Promise<"moved" | "undone"> {
    await scene.admin.query("delete from parked_event");
    await positions.ensure();
    await scene.admin.query("update engine_position set owner = 'me', position = 10, replay_until = 0");
    if (when === "before") {
      await scene.admin.query(statement);
      return await batch();
    }
    const { outcome } = await scene.admin.transaction({}, async (tx) => {
      await tx.query(statement);
      const outcome = batch();
      const waits = `select 1 from pg_stat_activity where application_name = 'batch' and wait_event_type = 'Lock'
                     and datname = current_database()`;
      await until(async () => (await scene.rows(waits)).length > 0, { what: "the batch to wait for the row" });
      return { outcome };
    });
    return await outcome;
  }

  const places = async () =>
    (await scene.rows("select position from engine_position where partition = 0")).map(({ position }) => position);

  test.each(HARMLESS)("moves them whatever else is noted there: %s", async (statement) => {
    for (const when of ["before", "while"] as const) {
      expect(await meeting(statement, when)).toBe("moved");
      expect(await places()).toEqual([20]);
    }
  });

  test.each(CONTRARY)("moves none where one is not what it knew: %s", async (statement) => {
    for (const when of ["before", "while"] as const) {
      expect(await meeting(statement, when)).toBe("undone");
      expect(await places()).toEqual([10]);
    }
  });
});

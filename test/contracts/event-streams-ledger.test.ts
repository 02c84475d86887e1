import { EmbeddedDatabase } from "../../src/platform/database/embedded.ts";
import { LedgerReader } from "../../src/platform/events/ledger-reader.ts";
import { ensureStream } from "../../src/platform/events/stream-registry.ts";
import { LedgerStreams } from "../../src/platform/streams/ledger-streams.ts";
import type { StreamEntry } from "../../src/platform/streams/streams.ts";
import { migrateDatabase } from "../../src/roles/schema.ts";
import { whenDone } from "../harness/cleanup.ts";
import { eventStreamsContract } from "./event-streams.ts";

eventStreamsContract("LedgerStreams in one process", {
  copies: false,
  start: async () => {
    const database = await EmbeddedDatabase.open();
    whenDone(() => database.close());
    await migrateDatabase(database);
    await ensureStream(database, "construction", 64);
    const streams = new LedgerStreams(new LedgerReader(database));
    const commit = async (entries: readonly StreamEntry[]) => {
      await database.query(
        `insert into event_log (seq, event_id, tenant_id, stream, partition, event_type, version, key, payload,
                                occurred_at, trace, causation_id, hops)
         overriding system value
         select seq, event_id, tenant_id, stream, partition, event_type, version, key, payload::json, occurred_at, trace,
                causation_id, hops
         from json_to_recordset($1::text::json) as (seq bigint, event_id uuid, tenant_id uuid, stream text,
                partition integer, event_type text, version integer, key text, payload text, occurred_at timestamptz,
                trace text, causation_id uuid, hops integer)
         on conflict (seq) do nothing`,
        [JSON.stringify(entries)],
      );
    };
    return { streams, other: streams, commit };
  },
});

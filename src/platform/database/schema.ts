import platform from "./migrations/0001_platform.sql" with { type: "text" };
import sessions from "./migrations/0002_sessions.sql" with { type: "text" };
import engineHost from "./migrations/0004_engine_host.sql" with { type: "text" };
import engineReplay from "./migrations/0005_engine_replay.sql" with { type: "text" };
import eventChain from "./migrations/0006_event_chain.sql" with { type: "text" };
import engineRequests from "./migrations/0007_engine_requests.sql" with { type: "text" };
import engineSettings from "./migrations/0008_engine_settings.sql" with { type: "text" };
import retriesInHand from "./migrations/0009_retries_in_hand.sql" with { type: "text" };
import engineUnhandled from "./migrations/0010_engine_unhandled.sql" with { type: "text" };
import type { Migration } from "./migrations.ts";

/** The schema that every role stands on; verticals add their own after it. */
export const platformMigrations: readonly Migration[] = [
  { id: "0001_platform", sql: platform },
  { id: "0002_sessions", sql: sessions },
  { id: "0004_engine_host", sql: engineHost },
  { id: "0005_engine_replay", sql: engineReplay },
  { id: "0006_event_chain", sql: eventChain },
  { id: "0007_engine_requests", sql: engineRequests },
  { id: "0008_engine_settings", sql: engineSettings },
  { id: "0009_retries_in_hand", sql: retriesInHand },
  { id: "0010_engine_unhandled", sql: engineUnhandled },
];

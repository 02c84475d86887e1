/** `@basecommerce/engine/testing`: an engine's own tests run it as the host does, on a database in this process. */
export type { DeadEvent } from "../../engine-host/dead-letters.ts";
export type { ContractEvent, EventDetails, FedEvent, ForeignEvent } from "./fed-event.ts";
export type { LogLine } from "./log-lines.ts";
export { HandlerFailed } from "./processing.ts";
export type { TestTenant } from "./tenants.ts";
export { type TestOptions, testEngine } from "./test-engine.ts";
export type { FeedOptions, RequestOptions, TestedEngine, TestResponse } from "./tested-engine.ts";

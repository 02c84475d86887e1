/** `@basecommerce/engine`: everything an engine's author imports. */
export { t } from "elysia";
export { type Static, Type } from "typebox";
export { conflict, forbidden, notFound, Problem, unprocessable } from "../platform/http/problem.ts";
export type {
  BatchContext,
  Emit,
  EngineDb,
  EngineLog,
  EngineTenant,
  EngineUser,
  HandlerContext,
  JobContext,
  Parameter,
  ResetContext,
  RouteContext,
  Row,
} from "./context.ts";
export type { EmitContract, EmitContracts } from "./emits.ts";
export {
  type BatchHandler,
  defineEngine,
  type EngineDefinition,
  type EngineJob,
  type EngineMigration,
  type EventHandlers,
  type RetryPolicy,
  type Subscription,
} from "./engine.ts";
export type { EventEnvelope, EventOf, EventType, StreamName } from "./events.ts";
export { type EngineEventHandlers, fromEngines } from "./from-engines.ts";
export { PermanentError, RetryLater } from "./outcomes.ts";
export { keyOfCursor, pageOf, pageQuery } from "./page.ts";
export type { EngineApp } from "./routes.ts";
export { type OperatorSettings, operatorSettings } from "./settings.ts";

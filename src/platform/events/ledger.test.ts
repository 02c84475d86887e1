import { expect, test } from "bun:test";
import { Type } from "typebox";
import { MAX_PAYLOAD_BYTES } from "../../contracts/envelope.ts";
import type { Transaction } from "../database/database.ts";
import { appendEvents, appendLast, EventContracts, type NewEvent } from "./ledger.ts";

const payload = Type.Object({ product_id: Type.String(), text: Type.String() }, { additionalProperties: false });
const contracts = new EventContracts("shop", { renamed: { version: 3, key: "product_id", payload } });

test("an event is written only when its contract allows it", () => {
  expect(contracts.check("renamed", { product_id: "p", text: "" })).toEqual({ version: 3, key: "p" });
  expect(() => contracts.check("renamed", { product_id: "p", text: 1 })).toThrow("renamed version 3: /text");
  expect(() => contracts.check("renamed", { product_id: "p", text: "", more: 1 })).toThrow("renamed version 3");
  expect(() => contracts.check("sold", { product_id: "p" })).toThrow("stream shop has no event type sold");
});

test("a payload larger than an entry may be is refused before anything is sent", async () => {
  const sent: unknown[] = [];
  const send = (...statement: unknown[]): never[] => {
    sent.push(statement);
    return [];
  };
  const tx = { query: async (...statement: unknown[]) => send(...statement), last: send } as unknown as Transaction;
  const event = (bytes: number): NewEvent => ({
    event_id: Bun.randomUUIDv7(),
    tenant_id: "0190a5e0-0000-7000-8000-000000000001",
    stream: "shop",
    partition: 0,
    event_type: "renamed",
    version: 3,
    key: "p",
    payload: "á".repeat((bytes - 2) / 2),
    occurred_at: "2026-01-31T12:00:00Z",
    trace: null,
    causation_id: null,
    hops: 0,
  });
  const tooLarge = { code: "payload_too_large" };
  await expect(appendEvents(tx, [event(10), event(MAX_PAYLOAD_BYTES + 2)])).rejects.toMatchObject(tooLarge);
  expect(() => appendLast(tx, [event(MAX_PAYLOAD_BYTES + 2)])).toThrow("allowed");
  expect(sent).toEqual([]);
  await appendEvents(tx, [event(MAX_PAYLOAD_BYTES)]);
  expect(sent).toHaveLength(1);
});

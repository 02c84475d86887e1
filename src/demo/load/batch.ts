import { type Construction, construction } from "../../contracts/construction.ts";
import type { PayloadOf } from "../../contracts/contract.ts";
import { instantText, quantityText } from "../amount-text.ts";
import { type Cell, type RowOf, TABLE_NAMES, TABLES, type TableName } from "./tables.ts";

const STREAM = "construction";

/** Of whom a row is, and in which partition of the stream their events stand. */
export interface Owner {
  tenant_id: string;
  partition: number;
}

/** Rows that are committed together, as text for COPY. */
export class Batch {
  readonly lines: Record<TableName, string[]>;
  /** Newest level by product, in thousandths. */
  readonly levels = new Map<string, { tenant_id: string; milli: number; at: number }>();
  /** Newest price by product. */
  readonly prices = new Map<string, { tenant_id: string; base_price: string; at: number }>();
  /** Last number by `<tenant> <kind>`. */
  readonly numbers = new Map<string, { tenant_id: string; kind: "quote" | "order"; last: number }>();

  constructor() {
    this.lines = Object.fromEntries(TABLE_NAMES.map((name) => [name, [] as string[]])) as Record<TableName, string[]>;
  }

  get orders(): number {
    return this.lines.orders.length;
  }

  get events(): number {
    return this.lines.event_log.length;
  }

  add<T extends Exclude<TableName, "event_log">>(table: T, row: RowOf<T>): void {
    this.lines[table].push(lineOf<T>(TABLES[table], row));
  }

  /** An event of `owner`; its contract gives version and key. `at` is milliseconds of UTC. */
  event<T extends keyof Construction & string>(
    owner: Owner,
    event_id: string,
    event_type: T,
    payload: PayloadOf<Construction[T]>,
    at: number,
  ): void {
    const { version, key } = construction[event_type];
    const about = String((payload as Record<string, unknown>)[key]);
    const line = lineOf<"event_log">(TABLES.event_log, {
      event_id,
      tenant_id: owner.tenant_id,
      stream: STREAM,
      partition: owner.partition,
      event_type,
      version,
      key: about,
      payload: jsonCell(payload),
      occurred_at: instantText(at),
      hops: 0,
    });
    this.lines.event_log.push(`${line}\t${this.events}`);
  }

  /** The level after a movement; the movement's row is added by the caller. */
  level({ tenant_id }: Owner, product_id: string, milli: number, at: number): void {
    this.levels.set(product_id, { tenant_id, milli, at });
  }

  price({ tenant_id }: Owner, product_id: string, base_price: string, at: number): void {
    this.prices.set(product_id, { tenant_id, base_price, at });
  }

  number({ tenant_id }: Owner, kind: "quote" | "order", last: number): void {
    this.numbers.set(`${tenant_id} ${kind}`, { tenant_id, kind, last });
  }

  /** What is written by other means than COPY, as JSON: levels, prices and counters are there already. */
  changes(): { levels: string; prices: string; numbers: string } {
    return {
      levels: JSON.stringify(
        [...this.levels].map(([product_id, { tenant_id, milli, at }]) => ({
          tenant_id,
          product_id,
          quantity: quantityText(milli),
          updated_at: instantText(at),
        })),
      ),
      prices: JSON.stringify(
        [...this.prices].map(([id, { tenant_id, base_price, at }]) => ({
          tenant_id,
          id,
          base_price,
          updated_at: instantText(at),
        })),
      ),
      numbers: JSON.stringify([...this.numbers.values()]),
    };
  }
}

/** A row in COPY's text format. None of a load's texts has tabs, line ends or backslashes, except JSON. */
function lineOf<T extends TableName>(columns: readonly (keyof RowOf<T>)[], row: RowOf<T>): string {
  let line = "";
  let separator = "";
  for (const column of columns) {
    const cell: Cell = row[column];
    line += cell === null ? `${separator}\\N` : `${separator}${cell}`;
    separator = "\t";
  }
  return line;
}

/** A value as a cell of JSON, whose backslashes COPY would take for its own. */
export function jsonCell(value: unknown): string {
  return JSON.stringify(value).replaceAll("\\", "\\\\");
}

/** The table of an outbox, its rows, and what a database does for one: the same for every kind of database. */
import type { ReadSecret } from "../../secrets.js";

export interface OutboxTable {
  /** `table` or `schema.table`. */
  readonly table: string;
  readonly order: string;
  readonly id: string;
  readonly key: string | undefined;
  readonly value: string | undefined;
  readonly headers: string | undefined;
  readonly timestamp: string | undefined;
  /** The column that a written row gets its time in; undefined: written rows are deleted. */
  readonly mark: string | undefined;
  readonly rowsMax: number;
}

/** The type of each column. */
export type RowColumns = ReadonlyMap<string, string>;

/** As the database writes it: text, or bytes. */
export interface OutboxRow {
  readonly id: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: string | null;
  readonly timestampMs: number | undefined;
  /** The whole row as JSON; undefined where one column is the value. */
  readonly row: string | undefined;
}

/** What Kafka, or the dead letter topic, has acknowledged: the ids of rows that need not stay. */
export type SettleRows = (rows: readonly OutboxRow[]) => Promise<readonly string[]>;

export interface OutboxStore {
  /**
   * One transaction: locks the next rows in order, hands them to `settle`, and removes those that it returns. Where there are none, `settle` is not called. Each key's
   * rows are in one transaction at a time. Throws what the database says as a RelayError; then every row stays.
   */
  readonly transact: (settle: SettleRows, timeoutMs: number) => Promise<void>;
  readonly close: () => void;
}

/** Opens the database of an address. Nothing is connected before the first transaction. */
export type OpenOutboxStore = (database: OutboxDatabase, table: OutboxTable) => Promise<OutboxStore>;

export interface OutboxDatabase {
  /** References to secrets, or text. */
  readonly address: string;
  readonly tls: boolean | { readonly ca: string } | undefined;
  readonly secret: ReadSecret;
}

interface ChosenRow {
  /** The key as text; null: the row has no order. */
  readonly k: string | null;
  readonly isLocked: boolean;
}

/** A row that another transaction has locked holds the later rows of its key. */
export function inOrder<Row extends ChosenRow>(rows: readonly Row[]): readonly Row[] {
  const held = new Set<string>();
  return rows.filter(({ k, isLocked }) => {
    if (!isLocked && k !== null) held.add(k);
    return isLocked && (k === null || !held.has(k));
  });
}

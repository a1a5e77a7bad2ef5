/** An outbox on PostgreSQL: one transaction at a time, on one connection. */
import type { Transaction } from "kysely";
import { createDatabase } from "../../targets/sql/database.js";
import { toSqlFailure } from "../../targets/sql/verdict.js";
import { columnsOf, isRowLocked, lockNextRows, lockSharedRows, lockTable, removeRows } from "./postgres-statements.js";
import type { OpenOutboxStore, OutboxRow, OutboxTable, RowColumns, SettleRows } from "./table.js";

type Connection = Transaction<Record<string, Record<string, unknown>>>;

export const openPostgres: OpenOutboxStore = async ({ address, tls, secret }, table) => {
  const connectionString = await secret(address);
  const authority = typeof tls === "object" ? { ca: await secret(tls.ca) } : tls;
  const database = await createDatabase({ connectionString, connectionsMax: 1, ...(authority === undefined ? {} : { tls: authority }) });
  let columns: RowColumns | undefined;
  const transaction = (work: (connection: Connection) => Promise<void>, timeoutMs: number): Promise<void> =>
    database.run((connection) => connection.transaction().setIsolationLevel("read committed").execute(work), timeoutMs);

  /** False: a row is locked by a transaction of the application, or another run was alone for too long. */
  async function attempt(lock: LockRows, settle: SettleRows, timeoutMs: number): Promise<boolean> {
    let hasRows = false;
    try {
      await transaction(async (connection) => {
        columns ??= await columnsOf(connection, table);
        const rows = await lock(connection, table, columns);
        if (rows.length === 0) return;
        hasRows = true;
        await removeRows(connection, table, await settle(rows));
      }, timeoutMs);
      return true;
    } catch (thrown) {
      if (!hasRows && isRowLocked(thrown)) return false;
      // A table that was changed has other columns.
      columns = undefined;
      throw toSqlFailure(thrown, table.table);
    }
  }

  return {
    transact: async (settle, timeoutMs) => {
      const endMs = Date.now() + timeoutMs;
      if (await attempt(lockRows, settle, timeoutMs)) return;
      await attempt(lockSharedRows, settle, Math.max(0, endMs - Date.now()));
    },
    close: database.close,
  };
};

type LockRows = (connection: Connection, table: OutboxTable, columns: RowColumns) => Promise<readonly OutboxRow[]>;

const lockRows: LockRows = async (connection, table, columns) =>
  (await lockTable(connection, table)) ? lockNextRows(connection, table, columns) : lockSharedRows(connection, table, columns);

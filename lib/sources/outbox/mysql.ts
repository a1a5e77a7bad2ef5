/**
 * An outbox on MySQL: one transaction at a time, on one connection. Runs take turns by a named lock (https://dev.mysql.com/doc/refman/8.4/en/locking-functions.html),
 * which the server releases when a connection ends. `SKIP LOCKED` alone would let one run take a key's later rows while another still holds the earlier ones.
 */
import type { Connection } from "mysql2/promise";
import { createDeadline, within } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { installed } from "../../installed.js";
import { toMysqlFailure } from "./mysql-failure.js";
import { columnsOfTable, isRowTaken, lockRowsInOrder, lockRowsOneByOne, queried, removeLockedRows } from "./mysql-statements.js";
import type { OpenOutboxStore, OutboxDatabase, OutboxTable, RowColumns, SettleRows } from "./table.js";

/** How long a run waits for its turn; after it, it ends as if the table was empty. */
const turnWithinSeconds = 2;
const connectTimeoutMs = 5_000;

export const openMysql: OpenOutboxStore = async (database, table) => {
  const connect = await connectorOf(database);
  let open: Promise<Connection> | undefined;
  let columns: RowColumns | undefined;
  const connection = (): Promise<Connection> => {
    open ??= connect();
    return open;
  };
  /** Whatever became of it, the next transaction has a new one: its lock and its transaction end with it. */
  const cut = (): void => {
    open?.then((one) => one.destroy()).catch(() => undefined);
    open = undefined;
  };
  const takeTurn = async (settle: SettleRows): Promise<void> => {
    const on = await connection();
    if (!(await lockTable(on, table))) return;
    columns ??= await columnsOfTable(on, table);
    await transaction(on, table, columns, settle);
    await on.query(`select release_lock(${lockName})`, [table.table]);
  };
  return {
    transact: async (settle, timeoutMs) => {
      try {
        await within(createDeadline(timeoutMs), takeTurn(settle), () => {
          throw new RelayError("target-timeout", `The database did not finish within ${Math.round(timeoutMs)} ms.`);
        });
      } catch (thrown) {
        cut();
        // A table that was changed has other columns.
        columns = undefined;
        throw toMysqlFailure(thrown, table.table);
      }
    },
    close: cut,
  };
};

async function connectorOf({ address, tls, secret }: OutboxDatabase): Promise<() => Promise<Connection>> {
  const { createConnection } = await installed("mysql2", () => import("mysql2/promise"));
  const uri = await secret(address);
  const authority = typeof tls === "object" ? { ca: await secret(tls.ca) } : tls === true ? {} : undefined;
  return async () => {
    const connection = await createConnection({
      uri: uri.replace(/^mariadb:/, "mysql:"),
      connectTimeout: connectTimeoutMs,
      // Digits of numbers and fractions of times stay as the server writes them.
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      ...(authority === undefined ? {} : { ssl: authority }),
    });
    // One that breaks while nobody waits for it: the next transaction fails, and has another after it.
    connection.on("error", () => undefined);
    return connection;
  };
}

async function lockTable(on: Connection, table: OutboxTable): Promise<boolean> {
  const [taken] = await queried<{ readonly isOurs: unknown }>(on, `select get_lock(${lockName}, ?) as isOurs`, [
    table.table,
    turnWithinSeconds,
  ]);
  return Number(taken?.isOurs) === 1;
}

/** A name has at most 64 characters, and is one of the whole server, so it contains the database. */
const lockName = "concat('kafka-relay ', sha1(concat(coalesce(database(), ''), '.', ?)))";

async function transaction(on: Connection, table: OutboxTable, columns: RowColumns, settle: SettleRows): Promise<void> {
  await on.query("set transaction isolation level read committed");
  await on.query("start transaction");
  const rows = await lockRowsInOrder(on, table, columns).catch((thrown: unknown) => {
    if (isRowTaken(thrown)) return lockRowsOneByOne(on, table, columns);
    throw thrown;
  });
  if (rows.length > 0) {
    const settled = new Set(await settle(rows.map(({ row }) => row)));
    await removeLockedRows(
      on,
      table,
      rows.flatMap(({ row, rawId }) => (settled.has(row.id) ? [rawId] : [])),
    );
  }
  await on.query("commit");
}

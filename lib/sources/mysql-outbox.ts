/** The source "outbox" on MySQL 8 and MariaDB 10.6 or newer: rows that an application wrote in the transaction of its change. */
import type { SourceOrigin } from "./origin.js";
import { openMysql } from "./outbox/mysql.js";
import { checkOutbox, type OutboxOptions } from "./outbox/options.js";
import { outboxOrigin } from "./outbox/runs.js";

/** `database`: `mysql://user:password@host/database`, as a reference to a secret. Needs the package mysql2. */
export function mysqlOutbox(options: OutboxOptions): SourceOrigin {
  checkOutbox("mysqlOutbox", options, ["mysql", "mariadb"]);
  return outboxOrigin(options, { connector: "mysql", open: openMysql });
}

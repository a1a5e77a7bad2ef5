/** The source "outbox" on PostgreSQL: rows that an application wrote in the transaction of its change. */
import type { SourceOrigin } from "./origin.js";
import { checkOutbox, type OutboxOptions } from "./outbox/options.js";
import { openPostgres } from "./outbox/postgres.js";
import { outboxOrigin } from "./outbox/runs.js";

/** `database`: `postgres://user:password@host/database`, as a reference to a secret. */
export function outbox(options: OutboxOptions): SourceOrigin {
  checkOutbox("outbox", options, ["postgres", "postgresql"]);
  return outboxOrigin(options, { connector: "postgresql", open: openPostgres });
}

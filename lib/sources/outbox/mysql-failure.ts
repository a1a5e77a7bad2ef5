/** What MySQL's answers mean for an outbox (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html). */
import { type FailureCode, RelayError } from "../../errors.js";
import { isUnreachable } from "../../targets/unreachable.js";

/** By the server's number. Not listed: the server's trouble. */
const byNumber: Readonly<Record<number, FailureCode>> = {
  1044: "target-refused", // no right to the database
  1045: "target-refused", // no such user, or a wrong password
  1049: "target-refused", // no such database
  1142: "target-refused", // no right to the table
  1146: "target-refused", // no such table
  1054: "target-refused", // no such column
  1064: "target-refused", // a server without SKIP LOCKED
  1040: "target-busy", // too many connections
  1205: "target-busy", // a lock is not to be had
  1213: "target-failed", // deadlock
};

export function toMysqlFailure(thrown: unknown, table: string): RelayError {
  if (thrown instanceof RelayError) return thrown;
  const { errno, code = "", sqlState } = (thrown ?? {}) as { readonly errno?: number; readonly code?: string; readonly sqlState?: string };
  if (sqlState !== undefined && errno !== undefined) {
    return new RelayError(byNumber[errno] ?? "target-failed", `The table ${table}: the database answered ${errno} (${code}).`, {
      cause: thrown,
      targetAnswer: String(errno),
    });
  }
  if (isUnreachable(code) || /^(PROTOCOL_|ETIMEDOUT|HANDSHAKE_|ER_|CERT_|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO|ERR_TLS|ERR_SSL)/.test(code))
    return new RelayError("target-failed", `The database of ${table} could not be reached: ${code}.`, { cause: thrown });
  return new RelayError("internal", `An unexpected error for the table ${table}, which is a bug in kafka-relay.`, { cause: thrown });
}

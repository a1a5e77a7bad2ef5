/** What PostgreSQL's answers mean (https://www.postgresql.org/docs/current/errcodes-appendix.html): by class, and where a class is mixed, by code. */
import { type FailureCode, RelayError } from "../../errors.js";
import { isUnreachable } from "../unreachable.js";

/** The first five characters decide, then the first two. Not listed: the server's trouble. */
const byCode: Readonly<Record<string, FailureCode>> = {
  "21": "record-refused", // two spellings of one key in a batch: its halves, down to single rows, pass
  "22": "record-refused", // data exception: too long, out of range, no such date
  "23": "record-refused", // integrity: null, unique, foreign key, check
  "44": "record-refused", // a view's check option
  "54": "record-refused", // a limit of the program: a row too large
  P0001: "record-refused", // a trigger said no
  "08": "target-failed", // connection
  "40": "target-failed", // serialization, deadlock
  "53": "target-busy", // out of connections, disk, memory
  "55": "target-busy", // a lock is not to be had
  "57": "target-failed", // shutting down, starting up
  "57014": "target-timeout", // cancelled, as by statement_timeout
  "25": "target-failed", // read-only: a fail-over is under way
  "58": "target-failed", // the system below it
  XX: "target-failed",
  "28": "target-refused", // who are you
  "3D": "target-refused", // no such database
  "3F": "target-refused", // no such schema
  "42": "target-refused", // no such table or column, no right to it: a migration, not the record
  "0A": "target-refused", // not supported, as by this version
};

export function toSqlFailure(thrown: unknown, table: string): RelayError {
  if (thrown instanceof RelayError) return thrown;
  const { code = "", message = "" } = (thrown ?? {}) as { code?: string; message?: string };
  if (/^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code)) {
    const failureCode = byCode[code] ?? byCode[code.slice(0, 2)] ?? "target-failed";
    return new RelayError(failureCode, `The table ${table}: PostgreSQL answered ${code}${blamedPartOf(thrown)}.`, {
      cause: thrown,
      targetAnswer: code,
    });
  }
  const isConnection =
    isUnreachable(code) ||
    /^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|CERT_|ERR_TLS|ERR_SSL)/.test(code) ||
    /[Cc]onnection|Client was closed|timeout|the pool/.test(message);
  if (isConnection)
    return new RelayError("target-failed", `The database of ${table} could not be reached${code === "" ? "" : `: ${code}`}.`, {
      cause: thrown,
    });
  return new RelayError("internal", `An unexpected error for the table ${table}, which is a bug in kafka-relay.`, { cause: thrown });
}

/** Class 28, invalid authorization, or a database that is not there. */
export function isLoginRefused({ details }: RelayError): boolean {
  return /^(28|3D)/.test(details.targetAnswer ?? "");
}

/** The column or constraint, which PostgreSQL names apart; its message may hold the row's values, so it is not shown. */
function blamedPartOf(thrown: unknown): string {
  const { column, constraint } = thrown as { column?: string; constraint?: string };
  return column !== undefined ? ` about the column ${column}` : constraint !== undefined ? ` about the constraint ${constraint}` : "";
}

/**
 * The source "outbox": rows that an application wrote in the transaction of its change. A run locks some, writes them to Kafka, and removes them once Kafka has
 * acknowledged them, before it commits. What is not acknowledged stays in the table.
 */
import * as v from "valibot";
import { keeping } from "../deadline.js";
import { RelayError } from "../errors.js";
import { flag, oneOf, text, whole } from "../option-values.js";
import { reference } from "../targets/option-checks.js";
import { checkOptions } from "../targets/options.js";
import { createDatabase, type Database } from "../targets/sql/database.js";
import { toSqlFailure } from "../targets/sql/verdict.js";
import { parseCertificates } from "../trusted-authorities.js";
import type { BoundOrigin, BoundSource, ItemResult, SourceContext, SourceOrigin } from "./origin.js";
import { toRowItem } from "./outbox/row-item.js";
import { columnsOf, lockRows, type OutboxTable, type RowColumns, removeRows } from "./outbox/statements.js";

export interface OutboxOptions {
  /** `postgres://user:password@host/database`, as a reference to a secret. */
  readonly database: string;
  /** `table` or `schema.table`. */
  readonly table: string;
  /** The column that orders the rows: a sequence or a time. */
  readonly order: string;
  /** The column that identifies a row, and with it its delivery; `order` where absent. */
  readonly id?: string;
  /** The column that becomes the record's key. Rows with the same key keep their order. Absent: no key, and no order. */
  readonly key?: string;
  /** The column that becomes the value, byte for byte; null is a tombstone. Absent: the whole row, as `row` says. */
  readonly value?: string;
  /** The whole row: "json" (default), or "debezium", as a created row. */
  readonly row?: "json" | "debezium";
  /** A column with a JSON object, whose members become headers. */
  readonly headers?: string;
  /** A column with a time, which becomes the record's; the time of the run where absent. */
  readonly timestamp?: string;
  /** What becomes of a written row: "delete" (default), or the column that gets the time. Rows where it is set are not read. */
  readonly written?: "delete" | { readonly mark: string };
  /** Rows of one transaction; 1,000 where absent. */
  readonly rowsMax?: number;
  /** Looks again after so long, until the function's time ends. Absent: a run ends when no row is left. */
  readonly pollEveryMs?: number;
  readonly tls?: boolean | { readonly ca: string };
}

const rowsMaxDefault = 1_000;
/** Kafka's default limit of a record, and twice that for the row around it. */
const rowBytesMax = 4_194_304;
/** Enough for a transaction that finds Kafka at work. */
const roundMsMin = 5_000;
/** Kept to remove rows whose records Kafka has acknowledged. */
const removeMarginMs = 1_500;

const name = v.pipe(text, v.regex(/^[A-Za-z_][A-Za-z0-9_$]{0,62}$/, "must be the name of a column"));
const optionEntries = {
  database: reference(assertPostgres),
  table: v.pipe(text, v.regex(/^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$/, "must be table or schema.table")),
  order: name,
  id: v.optional(name),
  key: v.optional(name),
  value: v.optional(name),
  row: v.optional(oneOf("json", "debezium")),
  headers: v.optional(name),
  timestamp: v.optional(name),
  written: v.optional(v.union([v.literal("delete"), v.strictObject({ mark: name })], 'must be "delete" or { mark: <column> }')),
  rowsMax: v.optional(whole(1, 5_000)),
  pollEveryMs: v.optional(whole(100, 60_000)),
  tls: v.optional(v.union([flag, v.strictObject({ ca: reference(parseCertificates) })], "must be true, false or { ca }")),
};

export function outbox(options: OutboxOptions): SourceOrigin {
  checkOptions("outbox", options, optionEntries, "source");
  if (options.value !== undefined && options.row !== undefined)
    throw new RelayError(
      "bad-configuration",
      "The source outbox:\n  row: it says how a whole row is written, but `value` names a column. Remove one of them.",
    );
  return {
    kind: "outbox",
    name: options.table,
    options: { ...options, database: /^(env|arn):/.test(options.database) ? options.database : "(given in the source)" },
    order: "key",
    recordBytesMax: rowBytesMax,
    retryDeadlineMs: 30_000,
    bind: (source) => new Outbox(options, source).bound(),
  };
}

function assertPostgres(address: string): void {
  if (/^postgres(ql)?:\/\//.test(address) && URL.canParse(address)) return;
  throw new RelayError(
    "bad-configuration",
    "The database must have the form postgres://user:password@host/database; the given one does not.",
  );
}

/** What a run came to. */
interface Run {
  written: number;
  filtered: number;
  deadLettered: number;
  givenBack: number;
}

class Outbox {
  readonly #options: OutboxOptions;
  readonly #source: BoundSource;
  #database: Promise<Database> | undefined;
  #columns: RowColumns | undefined;

  constructor(options: OutboxOptions, source: BoundSource) {
    this.#options = options;
    this.#source = source;
  }

  bound(): BoundOrigin {
    return {
      handle: (_, invocation) => this.#run(this.#source.contextOfEvent(invocation as never)),
      close: async () => (await this.#database?.catch(() => undefined))?.close(),
    };
  }

  async #run(context: SourceContext): Promise<Run> {
    const run: Run = { written: 0, filtered: 0, deadLettered: 0, givenBack: 0 };
    const { pollEveryMs } = this.#options;
    while (context.deadline.leftMs() > roundMsMin) {
      const failure = await this.#round(context, run);
      if (failure === "empty" && pollEveryMs === undefined) return run;
      if (failure === "empty") await pause(Math.min(pollEveryMs ?? 0, context.deadline.leftMs()));
      else if (failure !== undefined) throw failure;
    }
    return run;
  }

  /** One transaction. Returns why rows stay in the table, "empty" where there were none, or nothing. */
  async #round(context: SourceContext, run: Run): Promise<RelayError | "empty" | undefined> {
    const database = await this.#open(context);
    let found = 0;
    let failure: RelayError | undefined;
    const round = database.run(async (connection) => {
      await connection
        .transaction()
        .setIsolationLevel("read committed")
        .execute(async (transaction) => {
          this.#columns ??= await columnsOf(transaction, this.#table());
          const rows = await lockRows(transaction, this.#table(), this.#columns);
          found = rows.length;
          if (found === 0) return;
          const items = rows.map((row) => toRowItem(row, this.#source.name, this.#options, context.now()));
          const [results = []] = await context.pass([items], keeping(removeMarginMs, context.deadline));
          await removeRows(
            transaction,
            this.#table(),
            rows.filter((_, index) => isSettled(results[index])).map(({ id }) => id),
          );
          failure = count(run, results);
        });
    }, context.deadline.leftMs());
    await round.catch((thrown: unknown) => this.#fail(thrown));
    return failure ?? (found === 0 ? "empty" : undefined);
  }

  #fail(thrown: unknown): never {
    // A table that was changed has other columns.
    this.#columns = undefined;
    throw toSqlFailure(thrown, this.#options.table);
  }

  #table(): OutboxTable {
    const { table, order, id = order, key, value, headers, timestamp, written = "delete", rowsMax = rowsMaxDefault } = this.#options;
    return { table, order, id, key, value, headers, timestamp, mark: written === "delete" ? undefined : written.mark, rowsMax };
  }

  #open({ secret }: SourceContext): Promise<Database> {
    this.#database ??= this.#connect(secret).catch((thrown) => {
      this.#database = undefined;
      throw thrown;
    });
    return this.#database;
  }

  async #connect(secret: SourceContext["secret"]): Promise<Database> {
    const { database, tls } = this.#options;
    const connectionString = await secret(database);
    const authority = typeof tls === "object" ? { ca: await secret(tls.ca) } : tls;
    return createDatabase({ connectionString, connectionsMax: 1, ...(authority === undefined ? {} : { tls: authority }) });
  }
}

const isSettled = (result: ItemResult | undefined): boolean => result !== undefined && result.verdict !== "given-back";
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const counters = { delivered: "written", filtered: "filtered", "dead-lettered": "deadLettered", "given-back": "givenBack" } as const;

/** Returns why the first of them stays. */
function count(run: Run, results: readonly ItemResult[]): RelayError | undefined {
  let first: RelayError | undefined;
  for (const result of results) {
    if (result.verdict === "given-back") first ??= result.error;
    run[counters[result.verdict]]++;
  }
  if (first === undefined) return undefined;
  return new RelayError(
    first.code,
    `Kafka has not acknowledged ${run.givenBack} of ${results.length} rows, which stay in the table: ${first.message}`,
    {
      cause: first,
    },
  );
}

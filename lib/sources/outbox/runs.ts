/**
 * The runs of an outbox: each locks rows in a transaction, writes them to Kafka, and removes them once Kafka has acknowledged them, before it commits. What is not
 * acknowledged stays in the table.
 */
import { keeping } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { ReadSecret } from "../../secrets.js";
import type { BoundOrigin, BoundSource, ItemResult, SourceContext, SourceOrigin } from "../origin.js";
import type { OutboxOptions } from "./options.js";
import { toRowItem } from "./row-item.js";
import type { OpenOutboxStore, OutboxRow, OutboxStore, OutboxTable } from "./table.js";

const rowsMaxDefault = 1_000;
/** Kafka's default limit of a record, and twice that for the row around it. */
const rowBytesMax = 4_194_304;
/** Enough for a transaction that finds Kafka at work. */
const roundMsMin = 5_000;
/** Kept to remove rows whose records Kafka has acknowledged. */
const removeMarginMs = 1_500;

/** A database that can hold an outbox. */
interface OutboxKind {
  /** As Debezium names it. */
  readonly connector: string;
  readonly open: OpenOutboxStore;
}

/** The options have been checked. */
export function outboxOrigin(options: OutboxOptions, kind: OutboxKind): SourceOrigin {
  return {
    kind: "outbox",
    name: options.table,
    options: { ...options, database: /^(env|arn):/.test(options.database) ? options.database : "(given in the source)" },
    order: "key",
    recordBytesMax: rowBytesMax,
    retryDeadlineMs: 30_000,
    bind: (source) => new Outbox(options, kind, source).bound(),
  };
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
  readonly #kind: OutboxKind;
  readonly #source: BoundSource;
  #store: Promise<OutboxStore> | undefined;
  /** The database has refused us: the secret with its address and password may have been rotated. */
  #isAddressDoubted = false;

  constructor(options: OutboxOptions, kind: OutboxKind, source: BoundSource) {
    this.#options = options;
    this.#kind = kind;
    this.#source = source;
  }

  bound(): BoundOrigin {
    return {
      handle: (_, invocation) => this.#run(this.#source.contextOfEvent(invocation as never)),
      close: () => this.#close(),
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
    const store = await this.#open(context);
    let outcome: RelayError | "empty" | undefined = "empty";
    try {
      await store.transact(async (rows) => {
        const results = await this.#write(rows, context);
        outcome = count(run, results);
        return rows.filter((_, index) => isSettled(results[index])).map(({ id }) => id);
      }, context.deadline.leftMs());
    } catch (thrown) {
      this.#isAddressDoubted = thrown instanceof RelayError && thrown.code === "target-refused";
      if (this.#isAddressDoubted) await this.#close();
      throw thrown;
    }
    return outcome;
  }

  async #close(): Promise<void> {
    const store = this.#store;
    this.#store = undefined;
    (await store?.catch(() => undefined))?.close();
  }

  async #write(rows: readonly OutboxRow[], context: SourceContext): Promise<readonly ItemResult[]> {
    const form = { ...this.#options, connector: this.#kind.connector };
    const items = rows.map((row) => toRowItem(row, this.#source.name, form, context.now()));
    const [results = []] = await context.pass([items], keeping(removeMarginMs, context.deadline));
    return results;
  }

  #table(): OutboxTable {
    const { table, order, id = order, key, value, headers, timestamp, written = "delete", rowsMax = rowsMaxDefault } = this.#options;
    return { table, order, id, key, value, headers, timestamp, mark: written === "delete" ? undefined : written.mark, rowsMax };
  }

  #open({ secret }: SourceContext): Promise<OutboxStore> {
    const { database: address, tls } = this.#options;
    const refresh = this.#isAddressDoubted;
    const current: ReadSecret = (reference, options) => secret(reference, { refresh, ...options });
    this.#store ??= this.#kind.open({ address, tls, secret: current }, this.#table()).then(
      (store) => {
        this.#isAddressDoubted = false;
        return store;
      },
      (thrown) => {
        this.#store = undefined;
        throw thrown;
      },
    );
    return this.#store;
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

/** What every command uses: one connection made on first use, tables for people, JSON for programs, and one message with an exit code for each failure. */
import { setTimeout as sleep } from "node:timers/promises";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { createColors } from "picocolors";
import { parseConfig } from "../../lib/config.js";
import { createDeadline, type Deadline } from "../../lib/deadline.js";
import { type RelayError, toRelayError } from "../../lib/errors.js";
import { createKafka, type Kafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import manifest from "../../package.json" with { type: "json" };
import { type Column, createProgressBar, type PrintedRow, type ProgressBar, toFacts, toPrettyJson, toTable } from "./output.js";

/** The world outside, so that a test can be it. */
export interface World {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadableStream & AsyncIterable<Buffer | string> & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Aborted on Ctrl-C: a command that runs until then shuts down cleanly. */
  readonly interrupted: AbortSignal;
}

/** What an action can use. */
export interface CliContext {
  readonly world: World;
  readonly isJson: boolean;
  readonly kafka: () => Promise<Kafka>;
  /** Each call makes a new deadline of `--timeout`, for one request to the cluster. */
  readonly deadline: () => Deadline;
  /** Rows as a table, or as one JSON list. */
  readonly print: <R extends PrintedRow>(rows: readonly R[], columns: readonly Column<R>[]) => void;
  /** One row as names and values, or as one JSON object. */
  readonly printOne: (row: PrintedRow) => void;
  /** A line for people; omitted with `--json`. */
  readonly say: (line: string) => void;
  /** Text unchanged; waits for a slow reader. */
  readonly write: (text: string | Buffer) => Promise<void>;
  /** Reports at once that part of the work failed. The exit code is then 1, even if the rest succeeds. */
  readonly complain: (error: RelayError) => void;
  /** A bar on a terminal, nothing elsewhere. */
  readonly progress: (what: string, total: number) => ProgressBar;
}

type Action<Options> = (context: CliContext, options: Options, args: readonly string[]) => Promise<void>;

export interface Cli {
  readonly program: Command;
  /** A noun: `kafka-relay <name> <verb>`. */
  readonly noun: (name: string, description: string, examples: readonly string[]) => Command;
  /** The function for `.action()`: opens the context, runs, closes. `args` are the command's arguments in one flat list. */
  readonly action: <Options>(run: Action<Options>) => (...given: unknown[]) => Promise<void>;
  /** Runs a command line (without node and file) and returns its exit code: 0 success, 1 failure, 2 incorrect usage. */
  readonly run: (words: readonly string[]) => Promise<number>;
}

const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** Incorrect usage that only an action can detect. */
export function usageError(message: string): InvalidArgumentError {
  return new InvalidArgumentError(message);
}

/** Examples below a command's help. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  return command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  $ ${example}`).join("\n")}`);
}

interface GlobalOptions {
  readonly brokers?: string;
  readonly json?: boolean;
  readonly timeout: number;
}

const closeWithinMs = 500;
/** The range that the configuration accepts. */
const requestTimeoutMinMs = 100;
const requestTimeoutMaxMs = 60_000;

export function createCli(world: World): Cli {
  const colors = createColors(world.stdout.isTTY === true && world.env.NO_COLOR === undefined);
  let exitCode: number = exitCodes.done;
  const program = new Command("kafka-relay")
    .description(
      "Manage Kafka from the command line: topics, records, groups, offsets and ACLs, and this project's routes and dead letters.",
    )
    .version(manifest.version, "--version", "print the version")
    .option("--brokers <list>", "comma-separated host:port list (default: KAFKA_BROKERS, or 127.0.0.1:9092)")
    .option("--json", "print JSON: results on standard output, errors on standard error")
    .option("--timeout <seconds>", "maximum time for one request to the cluster", toSeconds, 30)
    .exitOverride()
    .showHelpAfterError("(see --help for usage and examples)")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      getOutHasColors: () => colors.isColorSupported,
    });
  withExamples(program, [
    "kafka-relay topics create orders --partitions 6",
    "echo 'k1=hello' | kafka-relay produce orders --key-separator =",
    "kafka-relay consume orders --from-beginning --limit 10",
    "kafka-relay groups describe billing --json | jq '.[0].lag'",
  ]).addHelpText(
    "after",
    "\nTLS and SASL use the same variables as the functions: KAFKA_SSL, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD (see docs/configuration.md).\nExit codes: 0 success, 1 failure (including partial failure), 2 incorrect usage.",
  );

  const action =
    <Options>(run: Action<Options>) =>
    async (...given: unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      const options = command.optsWithGlobals<GlobalOptions & Options>();
      const connection: { kafka?: Kafka } = {};
      const context = createContext(world, options, connection, colors, () => {
        exitCode = exitCodes.failed;
      });
      try {
        await run(context, options, command.args);
      } finally {
        const { kafka } = connection;
        if (kafka !== undefined) await Promise.race([kafka.close(), sleep(closeWithinMs, undefined, { ref: false })]);
      }
    };

  return {
    program,
    action,
    noun: (name, description, examples) => withExamples(program.command(name).description(description), examples),
    run: async (words) => {
      try {
        await program.parseAsync([...words], { from: "user" });
      } catch (thrown) {
        exitCode = reportFailure(world, program, thrown);
      }
      return exitCode;
    },
  };
}

function reportFailure(world: World, program: Command, thrown: unknown): number {
  if (thrown instanceof CommanderError) {
    // Commander has already printed help and its own errors. An action's usage error has not been printed yet.
    if (thrown instanceof InvalidArgumentError) world.stderr.write(`error: ${thrown.message}\n(see --help for usage and examples)\n`);
    return thrown.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  const error = toRelayError(thrown);
  writeError(world, program.opts<GlobalOptions>().json === true, error);
  return exitCodes.failed;
}

function writeError(world: World, isJson: boolean, error: RelayError): void {
  const cause = error.code === "internal" && error.cause instanceof Error ? ` ${error.cause.stack ?? error.cause.message}` : "";
  const text = isJson
    ? JSON.stringify({ error: { code: error.code, message: error.message, retriable: error.failure.isRetriable } })
    : `error: ${error.message}${cause}`;
  world.stderr.write(`${text}\n`);
}

function createContext(
  world: World,
  options: GlobalOptions,
  connection: { kafka?: Kafka },
  colors: ReturnType<typeof createColors>,
  onFailure: () => void,
): CliContext {
  const isJson = options.json === true;
  const writeLine = (line: string) => void world.stdout.write(`${line}\n`);
  return {
    world,
    isJson,
    kafka: async () => {
      // With MSK_CLUSTER_ARN, the brokers come from the MSK API.
      const fallback = world.env.MSK_CLUSTER_ARN === undefined ? "127.0.0.1:9092" : undefined;
      // --timeout also decides how long a busy broker may take to answer.
      const patienceMs = Math.min(requestTimeoutMaxMs, Math.max(requestTimeoutMinMs, options.timeout * 1000));
      const KAFKA_REQUEST_TIMEOUT_MS = world.env.KAFKA_REQUEST_TIMEOUT_MS ?? String(Math.trunc(patienceMs));
      const KAFKA_BROKERS = options.brokers ?? world.env.KAFKA_BROKERS ?? fallback;
      const kafka = connection.kafka ?? createKafka(toKafkaOptions(parseConfig({ ...world.env, KAFKA_BROKERS, KAFKA_REQUEST_TIMEOUT_MS })));
      connection.kafka = kafka;
      return kafka;
    },
    deadline: () => createDeadline(options.timeout * 1000),
    print: (rows, columns) => writeLine(isJson ? toPrettyJson(rows) : toTable(rows, columns, colors)),
    printOne: (row) => writeLine(isJson ? toPrettyJson(row) : toFacts(row, colors)),
    say: (line) => {
      if (!isJson) writeLine(line);
    },
    write: (text) => new Promise((resolve, reject) => world.stdout.write(text, (error) => (error ? reject(error) : resolve()))),
    complain: (error) => {
      onFailure();
      writeError(world, isJson, error);
    },
    progress: (what, total) => createProgressBar(world, what, total),
  };
}

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 3600)) throw new InvalidArgumentError("It must be a number of seconds greater than 0 and at most 3600.");
  return seconds;
}

/** `custom.kafkaTrigger`: settings of this machine, and of what AWS does not document, with defaults. */
import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { nearest } from "../declaration/parse.js";
import type { Backoff } from "../mapping.js";

export interface TriggerSettings {
  readonly brokers: {
    /** For an `msk` event by its ARN, for a `kafka` event with the servers it names. */
    readonly of: (arn: string | undefined, bootstrapServers: readonly string[] | undefined) => readonly string[];
  };
  readonly groupIdOf: (stableId: string) => string;
  readonly backoff: Backoff;
  readonly drainMs: number;
  /** Undefined: no status is served. */
  readonly statusPort: number | undefined;
  readonly lines: "quiet" | "normal" | "verbose";
  readonly isReloading: boolean;
  /** By ARN. */
  readonly secrets: Readonly<Record<string, unknown>>;
  /** What this machine says of a schema registry, by the names of the functions' variables. */
  readonly registryVariables: Readonly<Record<string, string | undefined>>;
  /** Undefined: TLS where a login or a certificate is used, as on AWS. */
  readonly tls: boolean | undefined;
}

/** Eleven attempts within half a minute. */
export const backoffDefault: Backoff = { firstMs: 200, maxMs: 4_000 };
const statusPortDefault = 3003;
const drainDefaultMs = 10_000;
const brokersDefault = ["127.0.0.1:9092"];

const isBrokers = (given: string | string[]): boolean => {
  const brokers = toList(given);
  return brokers.length > 0 && brokers.every((broker) => /^.+:\d{1,5}$/.test(broker));
};
const brokersWords = "host:port, a list of them, or a map from a cluster's ARN to its list";
const list = v.pipe(v.union([v.string(), v.array(v.string())]), v.check(isBrokers, brokersWords));
const ms = (max: number) =>
  v.pipe(
    v.number(`milliseconds from 0 to ${max}`),
    v.minValue(0, `milliseconds from 0 to ${max}`),
    v.maxValue(max, `milliseconds from 0 to ${max}`),
  );

const portWords = "a port, 0 for any free port, or false";

const schema = v.strictObject({
  brokers: v.optional(v.union([list, v.record(v.string(), list)], brokersWords)),
  consumerGroup: v.optional(v.picklist(["stable", "random"], "stable or random")),
  backoff: v.optional(v.strictObject({ firstMs: v.optional(ms(60_000)), maxMs: v.optional(ms(600_000)) })),
  drainMs: v.optional(ms(300_000)),
  statusPort: v.optional(
    v.union(
      [
        v.literal(false),
        v.pipe(
          v.union([v.number(), v.string()]),
          v.transform(Number),
          v.check((port) => Number.isInteger(port) && port >= 0 && port < 65_536, portWords),
        ),
      ],
      portWords,
    ),
  ),
  lines: v.optional(v.picklist(["quiet", "normal", "verbose"], "quiet, normal or verbose")),
  reload: v.optional(v.boolean("true or false")),
  tls: v.optional(v.boolean("true or false")),
  secrets: v.optional(v.record(v.string(), v.unknown(), "a map from a secret's ARN to its content")),
});

export const settingNames: readonly string[] = Object.keys(schema.entries);

/** For `defineCustomProperties`: declares the section to the framework; its content is checked here. */
export const settingsSchema = { type: "object", properties: { kafkaTrigger: { type: "object" } } } as const;

/** Throws an Error that names everything that is wrong. */
export function readSettings(given: unknown, shell: NodeJS.ProcessEnv): TriggerSettings {
  const result = v.safeParse(schema, given ?? {});
  if (!result.success) {
    const faults = result.issues.map((issue) => {
      const path = v.getDotPath(issue) ?? "";
      const meant = issue.expected === "never" ? nearest(path, Object.keys(schema.entries)) : undefined;
      if (issue.expected === "never")
        return `custom.kafkaTrigger.${path} does not exist${meant === undefined ? "" : `; did you mean ${meant}?`}`;
      // The content of a secret never appears in a message.
      const given = path.startsWith("secrets") ? typeof issue.input : JSON.stringify(issue.input);
      return `custom.kafkaTrigger${path === "" ? "" : `.${path}`} is ${given}; it must be ${issue.message}`;
    });
    throw new Error(faults.join("\n"));
  }
  const { KAFKA_BROKERS: fromShell = "" } = shell;
  if (fromShell !== "" && !isBrokers(fromShell))
    throw new Error(`KAFKA_BROKERS is ${JSON.stringify(fromShell)}; it must be host:port, separated by commas`);
  const { brokers, consumerGroup, backoff, drainMs, statusPort, lines, reload, secrets, tls } = result.output;
  return {
    brokers: { of: (arn, bootstrapServers) => brokersOf(brokers, shell, arn, bootstrapServers) },
    groupIdOf: (stableId) => (consumerGroup === "random" ? randomUUID() : stableId),
    backoff: { firstMs: backoff?.firstMs ?? backoffDefault.firstMs, maxMs: backoff?.maxMs ?? backoffDefault.maxMs },
    drainMs: drainMs ?? drainDefaultMs,
    statusPort: statusPort === false ? undefined : (statusPort ?? statusPortDefault),
    lines: lines ?? "normal",
    isReloading: reload ?? true,
    secrets: secrets ?? {},
    registryVariables: Object.fromEntries(
      Object.entries(shell).filter(([name, value]) => name.startsWith("SCHEMA_REGISTRY_") && value !== ""),
    ),
    tls,
  };
}

type BrokersSetting = v.InferOutput<typeof schema>["brokers"];

function brokersOf(
  setting: BrokersSetting,
  shell: NodeJS.ProcessEnv,
  arn: string | undefined,
  bootstrapServers: readonly string[] | undefined,
): readonly string[] {
  if (typeof setting === "string" || Array.isArray(setting)) return toList(setting);
  const mapped = setting?.[arn ?? ""] ?? setting?.[(bootstrapServers ?? []).join(",")];
  if (mapped !== undefined) return toList(mapped);
  if (shell.KAFKA_BROKERS !== undefined && shell.KAFKA_BROKERS !== "") return toList(shell.KAFKA_BROKERS);
  return bootstrapServers ?? brokersDefault;
}

function toList(brokers: string | readonly string[]): readonly string[] {
  return (typeof brokers === "string" ? brokers.split(",") : brokers).map((broker) => broker.trim()).filter((broker) => broker !== "");
}

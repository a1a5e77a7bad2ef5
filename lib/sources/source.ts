/** A source as a Lambda function: `export const handler = source(defineSource({...}))`. It never reports success for a record that Kafka has not acknowledged. */
import { type Config, config as environmentConfig } from "../config.js";
import { createDeadline } from "../deadline.js";
import type { Operations } from "../http/operation.js";
import { createKafka, type Kafka, toKafkaOptions } from "../kafka/kafka.js";
import { type Clock, systemClock } from "../relay/batch/clock.js";
import { redriveMarkOf } from "../relay/dead-letters/redrive-mark.js";
import { type InvocationContext, relay } from "../relay/relay.js";
import { asksForDescription } from "../relay/status/route-question.js";
import { createSecrets, type ReadSecret } from "../secrets.js";
import { createTelemetry, type Telemetry, toTelemetryOptions } from "../telemetry.js";
import type { Source } from "./define-source.js";
import type { SourceContext } from "./origin.js";
import { createPass } from "./pass.js";
import { toSourceDescription } from "./status/source-description.js";

export interface SourceHandler {
  /** Answers as the event's kind asks. Throws where only a failed invocation keeps what Kafka has not acknowledged. */
  (event: unknown, invocation?: InvocationContext): Promise<unknown>;
  readonly source: Source;
  /** The calls that it answers over HTTP; undefined for a source that is not called. */
  readonly operations: Operations | undefined;
  readonly close: () => Promise<void>;
}

/** For tests and programs that run a source themselves; a Lambda function takes everything from its environment. */
interface SourceOptions {
  readonly config?: Config;
  readonly kafka?: Kafka;
  readonly telemetry?: Telemetry;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly secret?: ReadSecret;
}

/** Where the caller names no time left. */
const invocationMsDefault = 60_000;

/** Nothing is read or connected before the first event. */
export function source(defined: Source, options: SourceOptions = {}): SourceHandler {
  const { clock = systemClock, random = Math.random, secret = createSecrets() } = options;
  const { route } = defined;
  const config = (): Config => options.config ?? environmentConfig();
  let { kafka, telemetry } = options;
  const cluster = (): Kafka => {
    kafka ??= createKafka(toKafkaOptions(config()));
    return kafka;
  };
  const reporter = (current: Config): Telemetry => {
    telemetry ??= createTelemetry(toTelemetryOptions(current));
    return telemetry;
  };
  const passes = createPass(defined, { clock, random, secret });
  const context = (current: Config, to: () => Kafka, deadline: SourceContext["deadline"]): SourceContext => ({
    name: defined.name,
    pass: passes.with(to, current, reporter(current)),
    deadline,
    secret,
    config: current,
    now: clock.now,
    log: (level, message, fields) => reporter(current).log(level, message, { source: defined.name, ...fields }),
  });
  const bound = defined.from.bind({
    name: defined.name,
    http: { ...(options.config === undefined ? {} : { config: options.config }), ...(kafka === undefined ? {} : { kafka }) },
    contextOfCall: (call) => context(call.config, () => call.kafka, call.deadline),
    contextOfEvent: (invocation) => {
      const leftMs = (invocation?.getRemainingTimeInMillis() ?? invocationMsDefault) - route.timeLeftMarginMs;
      return context(config(), cluster, createDeadline(leftMs, clock.now));
    },
  });
  const redriven = relay(route, { ...options, context: { secret } });
  // A dead letter that is redriven comes as a record of this source, not as an event of its system.
  const handle = (event: unknown, invocation?: InvocationContext): Promise<unknown> => {
    if (asksForDescription(event)) return Promise.resolve(toSourceDescription(defined));
    return redriveMarkOf(event) === undefined ? bound.handle(event, invocation) : redriven(event, invocation);
  };
  const close = async (): Promise<void> => {
    await Promise.all([bound.close?.(), passes.close(), redriven.close()]);
    if (options.kafka === undefined) await kafka?.close();
  };
  return Object.assign(handle, { source: defined, operations: bound.operations, close });
}

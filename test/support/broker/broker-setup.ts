/** Every suite's broker: the one KAFKA_BROKERS names, else one single node for the whole run. Tests find it in KAFKA_BROKERS. */
import { createRunFolder, isInRun, startRunBroker } from "../run/run-folder.js";

interface Setup {
  users: number;
  /** Resolves to what ends it. */
  readonly ready: Promise<() => Promise<void>>;
}

// vitest runs this file once a project, each time as a module of its own; what they share is the process.
const shared = globalThis as { kafkaRelayBrokerSetup?: Setup };

export async function setup(): Promise<void> {
  shared.kafkaRelayBrokerSetup ??= { users: 0, ready: begin() };
  shared.kafkaRelayBrokerSetup.users += 1;
  await shared.kafkaRelayBrokerSetup.ready;
}

export async function teardown(): Promise<void> {
  const current = shared.kafkaRelayBrokerSetup;
  if (current === undefined) return;
  current.users -= 1;
  if (current.users > 0) return;
  delete shared.kafkaRelayBrokerSetup;
  await (await current.ready)();
}

async function begin(): Promise<() => Promise<void>> {
  const folder = isInRun() ? undefined : createRunFolder();
  if ((process.env.KAFKA_BROKERS ?? "") === "") {
    const broker = await startRunBroker((line) => console.error(line));
    process.env.KAFKA_BROKERS = broker.brokers.join(",");
  }
  return async () => folder?.remove();
}

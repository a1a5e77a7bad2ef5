import { defineConfig } from "vitest/config";

// Limits are for a machine that does other things too: on a quiet one nothing comes near them.
/** One project a suite: unit is pure, the others share the broker that test/support/broker/broker-setup.ts starts (or the one KAFKA_BROKERS names). */
const suite = (name: string, options: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: 60_000, hookTimeout: 180_000, ...options },
});
const onBroker = {
  globalSetup: ["test/support/broker/broker-setup.ts"],
  setupFiles: ["test/support/broker/clean-topics.ts"],
  pool: "forks" as const,
};
/** Files that keep nothing in modules may share them, as those of unit do: it saves the loading of everything, once per file. */
const onBrokerSharing = { ...onBroker, isolate: false };

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      // Pure functions leave nothing behind, so files may share their modules.
      suite("unit", { isolate: false }),
      suite("api", onBrokerSharing),
      // One file at a time has the three nodes; those that wait for them take no place from others.
      suite("broker", { ...onBroker, testTimeout: 150_000, maxWorkers: 4, sequence: { groupOrder: 1 } }),
      suite("consumers", { ...onBroker, testTimeout: 120_000 }),
      suite("relay", { ...onBrokerSharing, testTimeout: 120_000 }),
      suite("trigger", { ...onBroker, testTimeout: 150_000 }),
      // Other implementations in Python, and a registry in Java; each only where a test asks for it.
      suite("schemas", {
        ...onBrokerSharing,
        globalSetup: [...onBroker.globalSetup, "test/support/schemas/registry-setup.ts", "test/support/console/page-setup.ts"],
        testTimeout: 180_000,
      }),
      // One .build folder for all of them.
      suite("package", { ...onBroker, testTimeout: 180_000, fileParallelism: false }),
      suite("serve", onBroker),
      suite("console", {
        ...onBroker,
        globalSetup: [...onBroker.globalSetup, "test/support/console/page-setup.ts"],
        testTimeout: 120_000,
      }),
      suite("e2e", { ...onBroker, testTimeout: 180_000 }),
      suite("long", {
        ...onBroker,
        globalSetup: [...onBroker.globalSetup, "test/support/console/page-setup.ts"],
        testTimeout: 1_800_000,
        fileParallelism: false,
      }),
      // The npm package in projects of its own: `npm run test:adopt`.
      suite("adopt", { ...onBroker, testTimeout: 300_000, fileParallelism: false }),
      // A Docker engine of its own where none answers: `npm run test:docker`.
      suite("docker", { ...onBroker, testTimeout: 180_000, fileParallelism: false }),
      suite("deploy", { ...onBroker, testTimeout: 600_000, fileParallelism: false }),
    ],
  },
});

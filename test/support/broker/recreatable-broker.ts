/** A broker whose cluster can be deleted and created again at the same address, as happens to a laptop's containers. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Cluster, startBroker } from "../../../local/broker/cluster.js";
import { freePorts } from "../../../local/processes/ports.js";
import { runFolder } from "../run/run-folder.js";

export interface RecreatableBroker {
  readonly brokers: readonly string[];
  /** Another cluster, with another id and nothing in it, at the same address. */
  readonly recreate: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startRecreatableBroker(): Promise<RecreatableBroker> {
  const ports = await freePorts(2);
  const dataFolder = join(runFolder(), `recreatable-${ports[0]}`);
  let cluster: Cluster = await startBroker({ nodes: 1, dataFolder, ports });
  const stop = async () => {
    for (const node of cluster.nodes) await node.kill();
  };
  return {
    brokers: cluster.brokers,
    stop,
    recreate: async () => {
      await stop();
      rmSync(dataFolder, { recursive: true, force: true });
      cluster = await startBroker({ nodes: 1, dataFolder, ports });
    },
  };
}

/**
 * Which cluster answers at the addresses that were named. Another one may come to stand there: recreated on the same machines, or behind the same name. What the old
 * one said (ids, sequences, leaders, offsets) means nothing to it, so everything that remembers something of a cluster listens here.
 */

export interface ClusterIdentity {
  /** Undefined: no broker has said it yet. */
  readonly id: () => string | undefined;
  /** How often another cluster has appeared: what was prepared under a lower count was meant for another cluster. */
  readonly changes: () => number;
  /** When it was last confirmed, in milliseconds since the epoch. */
  readonly confirmedAtMs: () => number;
  /** A broker says which cluster it belongs to. If it differs from before, listeners forget the old one before this returns. */
  readonly learn: (clusterId: string | null, atMs: number) => void;
  readonly onChange: (forget: () => void) => void;
}

/** What verbs need that depend on which cluster it is. */
export interface KnowsCluster {
  /** What is kept of one cluster is dropped when another one answers. */
  readonly identity: ClusterIdentity;
}

export function createClusterIdentity(): ClusterIdentity {
  const listeners: (() => void)[] = [];
  let id: string | undefined;
  let changes = 0;
  let confirmedAtMs = Number.NEGATIVE_INFINITY;
  return {
    id: () => id,
    changes: () => changes,
    confirmedAtMs: () => confirmedAtMs,
    learn: (clusterId, atMs) => {
      if (clusterId === null) return;
      confirmedAtMs = atMs;
      const isAnother = id !== undefined && id !== clusterId;
      id = clusterId;
      if (!isAnother) return;
      changes++;
      for (const forget of listeners) forget();
    },
    onChange: (forget) => void listeners.push(forget),
  };
}

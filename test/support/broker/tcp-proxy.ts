/** A TCP proxy between a client and a broker, for what networks do: it cuts connections, swallows everything, or swallows answers alone. */
import { connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: () => number;
  /** Resets every connection; new ones pass. */
  readonly cut: () => void;
  /** Nothing passes in either direction, on old connections and on new ones, and nobody notices. */
  readonly swallow: () => void;
  /** Requests arrive at the broker, its answers do not come back. */
  readonly swallowAnswers: () => void;
  /** After so many pieces of requests more, the next answer is lost and its connection reset: the broker has heard, and the client does not know. */
  readonly cutAfterRequests: (requests: number) => void;
  /** Requests reach nobody: each is answered by the end of its connection, as by a broker that shuts down. */
  readonly hangUp: () => void;
  /** Every answer comes so much later. */
  readonly holdAnswers: (holdMs: number) => void;
  /** New connections pass again; those that lost bytes are reset. */
  readonly heal: () => void;
  readonly close: () => Promise<void>;
}

type Mode = "pass" | "swallow" | "swallow-answers" | "hang-up";

interface Pair {
  readonly client: Socket;
  readonly broker: Socket;
}

/** The network as it is now, for every connection. */
interface Network {
  readonly pairs: Set<Pair>;
  mode: Mode;
  requestsUntilCut: number;
  holdMs: number;
  accepted: number;
}

export async function startTcpProxy(listenPort: number, target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const network: Network = { pairs: new Set(), mode: "pass", requestsUntilCut: Number.POSITIVE_INFINITY, holdMs: 0, accepted: 0 };
  const set = (change: Partial<Pick<Network, "mode" | "requestsUntilCut" | "holdMs">>) => void Object.assign(network, change);
  const server = createServer((client) => join(network, { client, broker: connect(target) }));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listenPort, "127.0.0.1", resolve);
  });

  return {
    port: listenPort,
    accepted: () => network.accepted,
    cut: () => cut(network),
    swallow: () => set({ mode: "swallow" }),
    swallowAnswers: () => set({ mode: "swallow-answers" }),
    cutAfterRequests: (requestsUntilCut) => set({ requestsUntilCut }),
    hangUp: () => set({ mode: "hang-up" }),
    holdAnswers: (holdMs) => set({ holdMs }),
    heal: () => {
      if (network.mode !== "pass") cut(network);
      set({ mode: "pass", holdMs: 0, requestsUntilCut: Number.POSITIVE_INFINITY });
    },
    close: async () => {
      cut(network);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function cut(network: Network): void {
  for (const pair of network.pairs) end(network, pair);
}

function end({ pairs }: Network, pair: Pair): void {
  pairs.delete(pair);
  pair.client.resetAndDestroy();
  pair.broker.destroy();
}

function join(network: Network, pair: Pair): void {
  const { client, broker } = pair;
  network.accepted++;
  network.pairs.add(pair);
  for (const socket of [client, broker]) {
    socket.setNoDelay(true);
    socket.on("error", () => end(network, pair));
    socket.on("close", () => end(network, pair));
  }
  client.on("data", (bytes) => {
    if (network.mode === "swallow") return;
    if (network.mode === "hang-up") return void client.end();
    broker.write(bytes);
    network.requestsUntilCut--;
  });
  broker.on("data", (bytes) => {
    const { mode, holdMs } = network;
    if (network.requestsUntilCut <= 0) {
      network.requestsUntilCut = Number.POSITIVE_INFINITY;
      end(network, pair); // the broker has heard and answered; the client will not know
    } else if (mode === "pass" && holdMs > 0) setTimeout(() => client.write(bytes), holdMs);
    else if (mode === "pass") client.write(bytes);
  });
}

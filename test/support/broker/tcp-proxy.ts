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

export async function startTcpProxy(listenPort: number, target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const pairs = new Set<{ readonly client: Socket; readonly broker: Socket }>();
  let mode: Mode = "pass";
  let requestsUntilCut = Number.POSITIVE_INFINITY;
  let holdMs = 0;
  let accepted = 0;

  const end = (pair: { readonly client: Socket; readonly broker: Socket }) => {
    pairs.delete(pair);
    pair.client.resetAndDestroy();
    pair.broker.destroy();
  };
  const cut = () => {
    for (const pair of pairs) end(pair);
  };

  const server = createServer((client) => {
    accepted++;
    const broker = connect(target);
    const pair = { client, broker };
    pairs.add(pair);
    for (const socket of [client, broker]) {
      socket.setNoDelay(true);
      socket.on("error", () => end(pair));
      socket.on("close", () => end(pair));
    }
    client.on("data", (bytes) => {
      if (mode === "swallow") return;
      if (mode === "hang-up") return void client.end();
      broker.write(bytes);
      requestsUntilCut--;
    });
    broker.on("data", (bytes) => {
      if (requestsUntilCut <= 0) {
        requestsUntilCut = Number.POSITIVE_INFINITY;
        end(pair); // the broker has heard and answered; the client will not know
      } else if (mode === "pass" && holdMs > 0) setTimeout(() => client.write(bytes), holdMs);
      else if (mode === "pass") client.write(bytes);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listenPort, "127.0.0.1", resolve);
  });

  return {
    port: listenPort,
    accepted: () => accepted,
    cut,
    swallow: () => {
      mode = "swallow";
    },
    swallowAnswers: () => {
      mode = "swallow-answers";
    },
    cutAfterRequests: (requests) => {
      requestsUntilCut = requests;
    },
    hangUp: () => {
      mode = "hang-up";
    },
    holdAnswers: (ms) => {
      holdMs = ms;
    },
    heal: () => {
      if (mode !== "pass") cut();
      mode = "pass";
      holdMs = 0;
      requestsUntilCut = Number.POSITIVE_INFINITY;
    },
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The connections to one receiver: how many there are, how long they are kept, and which request goes on which. */
import { RelayError } from "../../errors.js";
import type { Answer } from "./answer-parser.js";
import { type ConnectionLimits, WebhookConnection } from "./connection.js";
import type { Origin } from "./request-bytes.js";

export interface PoolLimits extends ConnectionLimits {
  /** Connections per host; further requests wait for one. */
  readonly connectionsMax: number;
}

/** Many servers close a connection after 5 s without a request. A request sent at that moment is sent again, so ours may be longer. */
const idleConnectionMs = 30_000;

/** The kept connections of one origin, the last used first, and the requests that wait for one. */
export class OriginConnections {
  readonly #origin: Origin;
  readonly #limits: PoolLimits;
  readonly #idle: WebhookConnection[] = [];
  readonly #open = new Set<WebhookConnection>();
  readonly #waiting: (() => void)[] = [];

  constructor(origin: Origin, limits: PoolLimits) {
    this.#origin = origin;
    this.#limits = limits;
  }

  get isBusy(): boolean {
    return this.#waiting.length > 0 || this.#open.size > this.#idle.length;
  }

  /** The server may close a kept connection at any time, also while a request is on its way (RFC 9112, 9.3.1). The request is then sent once more, on a new one. */
  exchange(bytes: Buffer, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let current: WebhookConnection | undefined;
      let isSettled = false;
      const settle = (finish: () => void) => {
        if (isSettled) return;
        isSettled = true;
        clearTimeout(timer);
        finish();
      };
      const timer = setTimeout(() => {
        const position = this.#waiting.indexOf(begin);
        if (position >= 0) this.#waiting.splice(position, 1);
        settle(() =>
          reject(
            new RelayError("target-timeout", `No complete response came from ${this.#origin.name} within ${Math.round(timeoutMs)} ms.`),
          ),
        );
        current?.destroy();
      }, timeoutMs);
      const attempt = (connection: WebhookConnection) => {
        current = connection;
        const { isUsed } = connection;
        connection.exchange(bytes, (error, answer) => {
          current = undefined;
          if (answer === undefined && isUsed && !connection.hasAnswered && !isSettled) {
            this.#open.delete(connection);
            attempt(this.#connect());
            return;
          }
          this.#giveBack(connection);
          settle(() => (answer === undefined ? reject(error) : resolve(answer)));
        });
      };
      const begin = () => attempt(this.#takeIdle() ?? this.#connect());
      if (this.#idle.length > 0 || this.#open.size < this.#limits.connectionsMax) begin();
      else this.#waiting.push(begin);
    });
  }

  #takeIdle(): WebhookConnection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isAlive && Date.now() - connection.idleSinceMs < idleConnectionMs) return connection;
      connection.destroy();
      this.#open.delete(connection);
    }
    return undefined;
  }

  #connect(): WebhookConnection {
    const connection = new WebhookConnection(this.#origin, this.#limits);
    this.#open.add(connection);
    return connection;
  }

  #giveBack(connection: WebhookConnection): void {
    if (connection.isAlive) this.#idle.push(connection);
    else this.#open.delete(connection);
    this.#waiting.shift()?.();
  }

  close(): void {
    for (const connection of this.#open) connection.destroy();
    this.#idle.length = 0;
  }
}

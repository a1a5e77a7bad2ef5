/**
 * One HTTP exchange over kept connections, bounded in time, in the size of the response and in connections; redirects are responses like any other. It uses
 * sockets directly: node:http takes longer for a request than everything else here together, and a webhook needs one write and one read.
 */
import { assertHostAllowed } from "./address.js";
import type { Answer } from "./answer-parser.js";
import type { HttpHeaders } from "./headers.js";
import { OriginConnections, type PoolLimits } from "./origin-connections.js";
import { originOf, toRequestBytes } from "./request-bytes.js";

interface HttpLimits extends PoolLimits {
  /** Hosts whose connections are kept, where each record names its own. Beyond this, the oldest without a request in progress are closed. */
  readonly hostsMax: number;
}

interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: HttpHeaders;
  readonly body: Buffer;
  /** From the call to the last byte of the response. */
  readonly timeoutMs: number;
}

export interface HttpSender {
  /** Throws `target-timeout`, `target-failed` (an invalid response), `target-refused` (a private address), or the socket's own error. */
  readonly send: (request: HttpRequest) => Promise<Answer>;
  readonly close: () => void;
}

export function createHttpSender(limits: HttpLimits): HttpSender {
  const hosts = new Map<string, OriginConnections>();
  return {
    send: async ({ url, method, headers, body, timeoutMs }) => {
      if (!limits.allowPrivate) assertHostAllowed(url.hostname);
      const origin = originOf(url);
      const bytes = toRequestBytes(method, origin, headers, body);
      let host = hosts.get(origin.name);
      if (host === undefined) {
        closeOldest(hosts, limits.hostsMax - 1);
        host = new OriginConnections(origin, limits);
        hosts.set(origin.name, host);
      }
      return host.exchange(bytes, timeoutMs);
    },
    close: () => {
      for (const host of hosts.values()) host.close();
      hosts.clear();
    },
  };
}

function closeOldest(hosts: Map<string, OriginConnections>, countMax: number): void {
  for (const [origin, host] of hosts) {
    if (hosts.size <= countMax) return;
    if (host.isBusy) continue;
    host.close();
    hosts.delete(origin);
  }
}

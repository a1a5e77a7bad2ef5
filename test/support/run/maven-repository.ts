/** A Maven repository on this machine for tests of downloads: it serves the given files in the standard layout, with the faults of a test. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface LocalRepository {
  readonly url: string;
  /** Paths, in the order in which they were asked for. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

type Fault = (request: IncomingMessage, response: ServerResponse, body: Buffer) => boolean;

/** @param fault answers itself and returns true; otherwise the file is sent. */
export async function startRepository(bodyOf: (path: string) => Buffer | undefined, fault: Fault = () => false): Promise<LocalRepository> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").slice(1);
    asked.push(path);
    const body = bodyOf(path);
    if (body === undefined) return response.writeHead(404).end();
    if (fault(request, response, body)) return response;
    return response.writeHead(200, { "content-length": body.length }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

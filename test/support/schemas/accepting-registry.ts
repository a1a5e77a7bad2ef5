/** A server that answers as a schema registry does that has every schema: where what is asked is what a schema costs, or whether it is asked for at all. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export async function startAcceptingRegistry(): Promise<{ readonly url: string; readonly close: () => Promise<unknown> }> {
  const schemas: object[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [, what, name] = request.url?.slice(1).split("/") ?? [];
    if (request.method === "GET") response.end(JSON.stringify(schemas[Number(name)]));
    else {
      const id = schemas.push(JSON.parse(Buffer.concat(chunks).toString())) - 1;
      response.end(JSON.stringify({ ...schemas[id], subject: what, version: 1, id }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

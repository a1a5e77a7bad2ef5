/** A webhook receiver in a process of its own: answers after DELAY ms, and tells its parent when the first and the last of COUNT records came, and whether order held. */
import { createServer } from "node:http";

const [count = 0, delayMs = 0] = process.argv.slice(2).map(Number);
const lastOf = new Map<string, number>();
let seen = 0;
let firstAtMs = 0;
let outOfOrder = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { lane, n } = JSON.parse(Buffer.concat(chunks).toString()) as { lane: string; n: number };
    if (n <= (lastOf.get(lane) ?? -1)) outOfOrder++;
    lastOf.set(lane, n);
    const answer = () => response.writeHead(200, { "content-length": 2 }).end("ok");
    if (delayMs === 0) answer();
    else setTimeout(answer, delayMs);
    seen++;
    if (seen === 1) {
      firstAtMs = performance.now();
      process.send?.({ kind: "first" });
    }
    if (seen === count) process.send?.({ kind: "last", ms: performance.now() - firstAtMs, outOfOrder });
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ kind: "listening", port: typeof address === "object" ? address?.port : 0 });
});
process.on("disconnect", () => process.exit());

// A node:http server that reads each body and answers the same text: what any host of the API costs at least. Prints its port.
import cluster from "node:cluster";
import { createServer } from "node:http";

const workers = Number(process.argv[2] ?? 1);
if (cluster.isPrimary && workers > 1) {
  for (let made = 0; made < workers; made++) cluster.fork();
  let listening = 0;
  cluster.on("listening", (_, { port }) => {
    if (++listening === workers) console.log(port);
  });
} else {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(200, { "content-type": "application/json", "content-length": 2 }).end("{}"));
  });
  server.listen(0, "127.0.0.1", () => {
    if (cluster.isPrimary) console.log(server.address().port);
  });
}

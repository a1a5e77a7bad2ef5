/** What is written by hand in place of a relay: kafkajs, one record after the other a partition, a POST each. */
import { Agent, request } from "node:http";
import { Kafka, logLevel } from "kafkajs";

const [brokers = "", topic = "", groupId = "", url = "", client = "fetch"] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });

async function postByFetch(body: Buffer): Promise<void> {
  const answer = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
}

function postByHttp(body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: "POST", agent, headers: { "content-type": "application/json", "content-length": body.length } },
      (answer) => {
        answer.resume().on("end", () => (answer.statusCode === 200 ? resolve() : reject(new Error(`answered ${answer.statusCode}`))));
      },
    );
    sent.on("error", reject).end(body);
  });
}

const post = client === "fetch" ? postByFetch : postByHttp;
const consumer = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.NOTHING }).consumer({ groupId });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  partitionsConsumedConcurrently: 4,
  eachMessage: async ({ message }) => {
    if (message.value !== null) await post(message.value);
  },
});
process.on("SIGTERM", () => void consumer.disconnect().then(() => process.exit()));

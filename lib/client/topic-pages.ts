/** Reading a topic page by page: each answer's cursor continues after it, and no state is kept anywhere else. */
import type { RelayClient } from "./client.js";
import type { ApiOperations } from "./operations.generated.js";

type RecordsQuery = ApiOperations["GET /topics/{topic}/records"]["query"];

export type RecordPage = ApiOperations["GET /topics/{topic}/records"]["answer"];

/** The query of `GET /topics/{topic}/records`, and when to stop. */
export interface TopicRead extends RecordsQuery {
  /** Go on at the end of the topic, and wait for new records. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** How long one read waits for new records: below the 30 seconds of API Gateway. */
const followWaitMs = 20_000;

export async function* readPages(client: RelayClient, topic: string, read: TopicRead): AsyncGenerator<RecordPage, void, undefined> {
  const { follow = false, signal, ...given } = read;
  let query: RecordsQuery = follow && given.wait_ms === undefined ? { ...given, wait_ms: followWaitMs } : given;
  for (;;) {
    const input = { path: { topic }, query, ...(signal === undefined ? {} : { signal }) };
    const page = await client.call("GET /topics/{topic}/records", input);
    yield page;
    if (!follow && isAtEnd(page)) return;
    query = continued(query, page.cursor);
  }
}

/** A cursor says by itself where the read starts, and in which partitions. */
function continued(query: RecordsQuery, cursor: string): RecordsQuery {
  const { from: _, timestamp: __, offset: ___, partition: ____, ...rest } = query;
  return { ...rest, cursor };
}

function isAtEnd({ partitions }: RecordPage): boolean {
  return partitions.every(
    ({ next_offset, high_watermark, error }) => error === undefined && (high_watermark === null || next_offset >= high_watermark),
  );
}

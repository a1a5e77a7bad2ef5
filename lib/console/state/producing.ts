/** Writes one record and says where it is. */
import { ApiError } from "../../client/api-error.js";
import { api } from "./session.js";

interface Written {
  readonly partition: number;
  readonly offset: number;
}

interface WriteCall {
  readonly path: string;
  readonly body: string;
  readonly contentType: string;
}

/** Throws `ApiError`, also for a record that is refused in an answer whose status is a success. */
export async function produce({ path, body, contentType }: WriteCall): Promise<Written> {
  const [, topic = ""] = /\/topics\/([^/]+)\//.exec(path) ?? [];
  const named = { topic: decodeURIComponent(topic) };
  const headers = { "content-type": contentType };
  if (path.startsWith("/topics/")) {
    const { events } = await api.call("POST /topics/{topic}/events", { path: named, body: body as never, headers });
    return writtenOf(events[0]);
  }
  const [, cluster = ""] = /\/clusters\/([^/]+)\//.exec(path) ?? [];
  const answer = await api.call("POST /v3/clusters/{cluster_id}/topics/{topic}/records", {
    path: { cluster_id: cluster, ...named },
    body: body as never,
    headers,
  });
  return writtenOf(answer);
}

function writtenOf(entry: object | undefined): Written {
  const {
    partition,
    partition_id = partition,
    offset,
    error_code = 0,
    message,
    error = message,
    retriable = false,
    maybe_written = false,
  } = (entry ?? {}) as {
    readonly partition?: number;
    readonly partition_id?: number;
    readonly offset?: number;
    readonly error_code?: number;
    readonly message?: string;
    readonly error?: string;
    readonly retriable?: boolean;
    readonly maybe_written?: boolean;
  };
  if (partition_id !== undefined && offset !== undefined) return { partition: partition_id, offset };
  const fields = {
    status: Math.trunc(error_code / (error_code > 999 ? 100 : 1)),
    errorCode: error_code,
    kind: "record-refused",
    retriable,
    maybeWritten: maybe_written,
  };
  throw new ApiError(error ?? "The record was not written.", fields);
}

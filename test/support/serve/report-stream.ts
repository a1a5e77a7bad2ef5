/** A client that streams records into one request and reads the reports as they come. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { until } from "../broker/kafka.js";

interface ReportStream {
  readonly request: ClientRequest;
  /** Resolves with the head of the answer. */
  readonly response: Promise<IncomingMessage>;
  readonly send: (text: string | Buffer) => void;
  readonly end: () => void;
  readonly reports: readonly Record<string, unknown>[];
  /** Whether the answer has ended, in good order or not. */
  readonly isOver: () => boolean;
  /** Waits for so many reports. */
  readonly reported: (count: number) => Promise<void>;
  readonly over: () => Promise<void>;
}

export function openReportStream(url: string, clusterId: string, topic: string, headers: Record<string, string> = {}): ReportStream {
  const request = httpRequest(`${url}/v3/clusters/${clusterId}/topics/${topic}/records`, {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json", "transfer-encoding": "chunked", ...headers },
  });
  const reports: Record<string, unknown>[] = [];
  let isOver = false;
  request.on("error", () => (isOver = true));
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once("response", resolve).once("error", reject);
  });
  response.then(
    (given) => {
      let left = "";
      given.setEncoding("utf8");
      given.on("data", (text: string) => {
        const lines = (left + text).split("\r\n");
        left = lines.pop() ?? "";
        for (const line of lines) reports.push(JSON.parse(line));
      });
      given.on("error", () => {}).once("close", () => (isOver = true));
    },
    () => {},
  );
  request.flushHeaders();
  return {
    request,
    response,
    send: (text) => void request.write(text),
    end: () => void request.end(),
    reports,
    isOver: () => isOver,
    reported: (count) => until(() => reports.length >= count),
    over: () => until(() => isOver),
  };
}

export async function clusterIdOf(url: string): Promise<string> {
  const { data } = (await (await fetch(`${url}/v3/clusters`)).json()) as { data: { cluster_id: string }[] };
  return data[0]?.cluster_id ?? "";
}

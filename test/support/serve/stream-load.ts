/** Many records through streams, in and out, with what they cost the server. */
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";

/** Memory of a process in megabytes, as Linux counts it. */
export const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN) / 1_024;

/** Processor time of a server so far, in microseconds. */
export async function serverCpuUs(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1]) * 1e6;
}

/** Watches a process until it is stopped; returns the most memory that it had. */
export function watchMemory(pid: number): () => number {
  let most = residentMegabytes(pid);
  const timer = setInterval(() => {
    most = Math.max(most, residentMegabytes(pid));
  }, 100);
  return () => {
    clearInterval(timer);
    return most;
  };
}

interface Sent {
  readonly reports: number;
  /** Reports that are not "written", or are not in the order of the records. */
  readonly wrong: readonly string[];
  readonly seconds: number;
}

const chunkRecords = 500;
const wrongMax = 10;

/** Sends `count` records in one request, and reads their reports while it sends. Each record holds its number as its timestamp, which its report repeats. */
export async function sendRecords(url: string, clusterId: string, topic: string, count: number, valueBytes = 100): Promise<Sent> {
  const filler = "x".repeat(valueBytes - 2);
  const request = httpRequest(`${url}/v3/clusters/${clusterId}/topics/${topic}/records`, {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json", "transfer-encoding": "chunked" },
  });
  const startedMs = performance.now();
  const reading = new Promise<Omit<Sent, "seconds">>((resolve, reject) => {
    request.once("error", reject).once("response", (response) => {
      let [left, reports] = ["", 0];
      const wrong: string[] = [];
      response.setEncoding("latin1").once("error", reject);
      response.on("data", (text: string) => {
        const lines = (left + text).split("\r\n");
        left = lines.pop() ?? "";
        for (const line of lines) {
          const expected = new Date(timeOf(reports++)).toISOString();
          const isRight = line.startsWith('{"error_code":200,') && line.includes(`"timestamp":"${expected}"`);
          if (!isRight && wrong.length < wrongMax) wrong.push(`${reports - 1}: ${line}`);
        }
      });
      response.once("end", () => resolve({ reports, wrong }));
    });
  });
  for (let from = 0; from < count; from += chunkRecords) {
    let text = "";
    for (let index = from; index < Math.min(count, from + chunkRecords); index++)
      text += `{"value":{"type":"JSON","data":"${filler}"},"timestamp":"${new Date(timeOf(index)).toISOString()}"}\n`;
    if (!request.write(text)) await new Promise((resolve) => request.once("drain", resolve));
  }
  request.end();
  return { ...(await reading), seconds: (performance.now() - startedMs) / 1_000 };
}

const timeOf = (index: number): number => 1_764_288_000_000 + index;

/** Reads `count` records from a stream and ends it; returns the seconds from the first to the last. */
export function receiveRecords(url: string, topic: string, query: string, accept: string, count: number): Promise<number> {
  const mark = accept === "text/event-stream" ? "\ndata: " : '"offset":';
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/topics/${topic}/records${query}`, { agent: false, headers: { accept } });
    let [left, received, firstMs] = ["", 0, 0];
    request.once("error", reject).once("response", (response) => {
      if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`));
      response.setEncoding("latin1").once("error", reject);
      response.once("end", () => received < count && reject(new Error(`The stream ended after ${received} records.`)));
      response.on("data", (text: string) => {
        const seen = left + text;
        for (let at = seen.indexOf(mark); at >= 0; at = seen.indexOf(mark, at + mark.length)) received++;
        left = endOf(seen, mark);
        if (firstMs === 0 && received > 0) firstMs = performance.now();
        if (received < count) return;
        resolve((performance.now() - firstMs) / 1_000);
        request.destroy();
      });
    });
    request.end();
  });
}

/** What may be the start of a mark that goes on in the next piece; never a whole one, which would be counted twice. */
function endOf(text: string, mark: string): string {
  for (let length = Math.min(mark.length - 1, text.length); length > 0; length--) {
    const end = text.slice(-length);
    if (mark.startsWith(end)) return end;
  }
  return "";
}

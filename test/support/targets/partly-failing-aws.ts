/** A front of an emulated AWS that fails a single entry of a batch call, as the services do now and then, or a whole call; everything else goes through. */
import { createServer, type IncomingMessage } from "node:http";
import { listen } from "./http-receivers.js";

interface PartlyFailingAws {
  readonly endpoint: string;
  /** How often the next entries or bodies with this text fail; others are taken. */
  readonly failNext: (text: string, times: number) => void;
  /** The text of every entry, and of every invocation of a function, that the service took, in order. */
  readonly taken: readonly string[];
  /** Calls that arrived, failed ones too. */
  readonly calls: () => number;
}

type Entry = Readonly<Record<string, unknown>>;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Closed after the test, with its connections. */
export async function startPartlyFailingAws(behind: string): Promise<PartlyFailingAws> {
  const front: Front = { behind, failing: new Map(), taken: [] };
  let calls = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    calls++;
    const answer = await answerTo(front, request, body);
    response.writeHead(answer.status, { "content-type": answer.type }).end(answer.text);
  });
  return {
    endpoint: await listen(server),
    failNext: (text, times) => void front.failing.set(text, times),
    taken: front.taken,
    calls: () => calls,
  };
}

/** What one front keeps: the service behind it, what is to fail how often, and what the service took. */
interface Front {
  readonly behind: string;
  readonly failing: Map<string, number>;
  readonly taken: string[];
}

function answerTo(front: Front, request: IncomingMessage, body: Buffer): Promise<Answer> | Answer {
  const text = body.toString();
  if (/SendMessageBatch|PutEvents/.test(String(request.headers["x-amz-target"]))) return passEntries(front, request, JSON.parse(text));
  if (text.includes("Action=PublishBatch")) return passForm(front, request, new URLSearchParams(text));
  if (fails(front, `${request.url} ${text}`)) return { status: 500, type: "application/json", text: '{"__type":"InternalServerError"}' };
  if (request.url?.includes("/invocations")) front.taken.push(text);
  return pass(front, request, body);
}

function fails({ failing }: Front, entryText: string): boolean {
  for (const [text, times] of failing) {
    if (!entryText.includes(text)) continue;
    if (times > 1) failing.set(text, times - 1);
    else failing.delete(text);
    return true;
  }
  return false;
}

async function pass({ behind }: Front, request: IncomingMessage, body: Buffer): Promise<Answer> {
  const headers = Object.entries(request.headers).filter(([name]) => !/^(host|connection|content-length|expect)$/.test(name));
  const answer = await fetch(`${behind}${request.url}`, {
    method: request.method ?? "POST",
    headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
  });
  return { status: answer.status, type: answer.headers.get("content-type") ?? "", text: await answer.text() };
}

/** JSON protocols: SQS' SendMessageBatch and EventBridge's PutEvents. */
async function passEntries(front: Front, request: IncomingMessage, call: { readonly Entries: readonly Entry[] }): Promise<Answer> {
  const isRefused = call.Entries.map((entry) => fails(front, textOf(entry)));
  const Entries = call.Entries.filter((_, index) => !isRefused[index]);
  const answer = Entries.length === 0 ? undefined : await pass(front, request, Buffer.from(JSON.stringify({ ...call, Entries })));
  if (answer !== undefined && answer.status !== 200) return answer;
  front.taken.push(...Entries.map(textOf));
  const told = JSON.parse(answer?.text ?? "{}") as { Successful?: Entry[]; Failed?: Entry[]; Entries?: Entry[] };
  const results = [...(told.Entries ?? [])];
  const whole = call.Entries.some(({ DetailType }) => DetailType !== undefined)
    ? { Entries: isRefused.map((refused) => (refused ? { ErrorCode: "InternalFailure" } : results.shift())) }
    : {
        Successful: told.Successful ?? [],
        Failed: call.Entries.flatMap(({ Id }, index) => (isRefused[index] ? [{ Id, Code: "InternalError", SenderFault: false }] : [])),
      };
  return { status: 200, type: answer?.type ?? "application/x-amz-json-1.1", text: JSON.stringify(whole) };
}

/** SNS' PublishBatch, a form answered in XML. */
async function passForm(front: Front, request: IncomingMessage, form: URLSearchParams): Promise<Answer> {
  const prefix = "PublishBatchRequestEntries.member.";
  const numbers = [...new Set([...form.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.split(".")[2] ?? ""))];
  const isRefused = new Map(numbers.map((number) => [number, fails(front, form.get(`${prefix}${number}.Message`) ?? "")]));
  const kept = numbers.filter((number) => isRefused.get(number) === false);
  const rest = new URLSearchParams();
  for (const [name, value] of form) {
    const [, , number = "", ...members] = name.split(".");
    if (!name.startsWith(prefix)) rest.append(name, value);
    else if (kept.includes(number)) rest.append(`${prefix}${kept.indexOf(number) + 1}.${members.join(".")}`, value);
  }
  const answer = kept.length === 0 ? undefined : await pass(front, request, Buffer.from(rest.toString()));
  if (answer !== undefined && answer.status !== 200) return answer;
  front.taken.push(...kept.map((number) => form.get(`${prefix}${number}.Message`) ?? ""));
  const successful = /<Successful>.*<\/Successful>/s.exec(answer?.text ?? "")?.[0] ?? "<Successful/>";
  const failed = numbers
    .filter((number) => isRefused.get(number))
    .map(
      (number) =>
        `<member><Id>${form.get(`${prefix}${number}.Id`)}</Id><Code>InternalError</Code><SenderFault>false</SenderFault></member>`,
    );
  const result = `<PublishBatchResult>${successful}<Failed>${failed.join("")}</Failed></PublishBatchResult>`;
  return { status: 200, type: "text/xml", text: `<PublishBatchResponse>${result}</PublishBatchResponse>` };
}

const textOf = ({ MessageBody, Detail }: Entry): string => String(MessageBody ?? Detail);

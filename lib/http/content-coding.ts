/**
 * Content codings (RFC 9110, sections 8.4 and 12.5.3): a compressed request body is unpacked up to a limit, a long answer is compressed for a caller that accepts it.
 * No answer here has an ETag, so none has to differ by its coding.
 */
import { Readable } from "node:stream";
import { promisify } from "node:util";
import {
  brotliCompress,
  brotliDecompress,
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzip,
  gzip,
  inflate,
} from "node:zlib";
import { RelayError } from "../errors.js";

type Headers = Readonly<Record<string, string | undefined>>;

const unpackers = { gzip: promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) } as const;
type RequestCoding = keyof typeof unpackers;
const codingsSupported = Object.keys(unpackers).join(", ");

/** How the request's body is compressed, undefined where it is not; `unsupported-media-type` for a coding that is not unpacked here, and for several of them. */
export function requestCoding(headers: Headers): RequestCoding | undefined {
  const given = (headers["content-encoding"] ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
  const [coding] = given.map((name) => (name === "x-gzip" ? "gzip" : name));
  if (coding === undefined) return undefined;
  if (given.length === 1 && Object.hasOwn(unpackers, coding)) return coding as RequestCoding;
  throw new RelayError(
    "unsupported-media-type",
    `The Content-Encoding ${JSON.stringify(given.join(", ").slice(0, 40))} is not supported. Compress the body with one of ${codingsSupported}, or send it uncompressed.`,
    { acceptEncoding: codingsSupported },
  );
}

/** The body unpacked. `too-large` where it would exceed `bytesMax`, which ends the work there; `bad-request` for bytes that are not of that coding. */
export async function unpacked(bytes: Buffer, coding: RequestCoding, bytesMax: number): Promise<Buffer> {
  if (bytes.length === 0) return bytes;
  try {
    return await unpackers[coding](bytes, { maxOutputLength: bytesMax });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new RelayError(
        "too-large",
        `The request body is larger than ${bytesMax} bytes once it is decompressed, which is the limit (RELAY_REQUEST_BYTES_MAX). Send fewer or smaller records per request.`,
        { cause },
      );
    }
    throw notOfCoding(coding, cause);
  }
}

function notOfCoding(coding: RequestCoding, cause: unknown): RelayError {
  return new RelayError("bad-request", `The Content-Encoding says ${coding}, but the request body is not valid ${coding} data.`, { cause });
}

const unpackingStreams = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress } as const;

/** The body unpacked as it arrives, no faster than it is read. A failure of `bytes` is passed on; `bad-request` for bytes that are not of that coding. */
export async function* unpackedStream(bytes: AsyncIterable<Buffer>, coding: RequestCoding): AsyncGenerator<Buffer> {
  let ofBody: unknown;
  const chunks = bytes[Symbol.asyncIterator]();
  // At once, and not when the streams below get to it: the client may wait for the sign that its body is read.
  const first = chunks.next();
  first.catch(() => {}); // it is thrown where it is awaited
  const source = async function* () {
    try {
      for (let next = await first; next.done !== true; next = await chunks.next()) yield next.value;
    } catch (error) {
      ofBody = error;
      throw error;
    }
  };
  const sent = Readable.from(source());
  // What has arrived is handed on at once: the sender may wait for its reports before it sends more.
  const unpacking = unpackingStreams[coding]();
  sent.once("error", (error) => unpacking.destroy(error));
  try {
    yield* sent.pipe(unpacking) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw ofBody ?? notOfCoding(coding, cause);
  } finally {
    sent.destroy();
    unpacking.destroy();
  }
}

/** For a compressed body that was passed on as text: it has lost bytes and cannot be unpacked. */
export function bytesLost(coding: RequestCoding): RelayError {
  return new RelayError(
    "bad-request",
    `The ${coding} body was passed on as text, and some of its bytes were lost. Send it with a media type that is passed on in base64, such as application/vnd.kafka.json.v2+json, or uncompressed.`,
  );
}

const brotliQuality = 4;
const packers = {
  br: (bytes: Buffer) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes),
} as const;
type AnswerCoding = keyof typeof packers;

/** A reply that fits into one packet is not worth compressing. */
export const compressedFromBytes = 1_400;

export function packed(bytes: Buffer, coding: AnswerCoding): Promise<Buffer> {
  return packers[coding](bytes);
}

const acceptLengthMax = 2_000;

/** The coding that an Accept-Encoding header weighs highest, `br` before `gzip`; undefined where it accepts neither, or prefers no coding. */
export function answerCoding(header: string | undefined): AnswerCoding | undefined {
  const weights = new Map<string, number>();
  for (const part of (header ?? "").slice(0, acceptLengthMax).toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    const weight = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(parameters[0] ?? "q=1")?.[1];
    if (name !== "" && weight !== undefined) weights.set(name === "x-gzip" ? "gzip" : name, Number(weight));
  }
  const weightOf = (name: string) => weights.get(name) ?? weights.get("*") ?? 0;
  const best = weightOf("gzip") > weightOf("br") ? "gzip" : "br";
  return weightOf(best) > 0 && weightOf(best) >= (weights.get("identity") ?? 0) ? best : undefined;
}

/**
 * The exchange of SASL/OAUTHBEARER (RFC 7628). In place of kafkajs's, which does not look at the answer: a broker that refuses a token says so in an answer
 * without an error code, and fails the authentication only after the client's next message (3.2.3).
 */
import kafkajsErrors from "kafkajs/src/errors.js";
import { RelayError } from "../../errors.js";
import type { OAuthBearer } from "../security.js";

/** What kafkajs hands to an authentication of one's own: one message there and its answer back, both with their length before them. */
interface Exchange {
  readonly saslAuthenticate: (messages: {
    readonly request: { readonly encode: () => Promise<Buffer> };
    readonly response: { readonly decode: (bytes: Buffer) => Promise<Buffer>; readonly parse: (bytes: Buffer) => Buffer };
  }) => Promise<Buffer>;
}

const separator = "\u0001";
const lengthBytes = 4;

export function oauthBearerExchange({ token, extensions = {} }: Pick<OAuthBearer, "token" | "extensions">) {
  return ({ saslAuthenticate }: Exchange) => ({
    authenticate: async (): Promise<void> => {
      const pairs = Object.entries({ auth: `Bearer ${await had(token)}`, ...extensions });
      const say = async (text: string): Promise<Buffer> => {
        const answer = await saslAuthenticate({
          request: { encode: async () => withLength(Buffer.from(text)) },
          response: { decode: async (bytes) => bytes, parse: (bytes) => bytes },
        });
        return answer.subarray(lengthBytes);
      };
      const refusal = await say(`n,,${separator}${pairs.map(([name, value]) => `${name}=${value}${separator}`).join("")}${separator}`);
      if (refusal.length === 0) return;
      await say(separator); // throws the broker's own failure
      throw new kafkajsErrors.KafkaJSSASLAuthenticationError("The broker refused the token.");
    },
  });
}

async function had(token: OAuthBearer["token"]): Promise<string> {
  try {
    return await token();
  } catch (cause) {
    if (cause instanceof RelayError) throw cause;
    throw new RelayError("kafka-unauthenticated", "No token for the brokers could be obtained.", { cause });
  }
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

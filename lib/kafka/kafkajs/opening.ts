/** Opens a connection to a broker within a limit: TCP, TLS, one round trip, and two or three more with SASL. */
import { createDeadline, within } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { TlsOptions } from "../security.js";
import {
  type BrokerAddress,
  type BrokerConnection,
  type BrokerConnectionOptions,
  type ReadyOptions,
  SocketConnection,
} from "./broker-connection.js";
import { connectFailure } from "./failures.js";
import { toAttempts } from "./sasl.js";

/** Connects, asks for the versions and authenticates; once more with another login or token where the broker refuses the one that was kept. */
export async function openBrokerConnection(
  address: BrokerAddress,
  options: BrokerConnectionOptions,
  limitMs: number,
): Promise<BrokerConnection> {
  const { sasl, ...given } = options;
  const others = given.tls?.secrets === undefined ? given : { ...given, tls: await readTls(given.tls) };
  if (sasl === undefined) return open(address, others, limitMs);
  const { first, second } = toAttempts(sasl);
  const startMs = Date.now();
  try {
    return await open(address, { ...others, sasl: await first() }, limitMs);
  } catch (error) {
    const renewed = error instanceof RelayError && error.code === "kafka-unauthenticated" ? await second() : undefined;
    if (renewed === undefined) throw error;
    return open(address, { ...others, sasl: renewed }, Math.max(0, limitMs - (Date.now() - startMs)));
  }
}

async function readTls({ secrets, ...texts }: TlsOptions): Promise<TlsOptions> {
  return { ...texts, ...(await secrets?.()) };
}

async function open(address: BrokerAddress, options: ReadyOptions, limitMs: number): Promise<BrokerConnection> {
  const connectTls = options.tls === undefined ? undefined : (await import("node:tls")).connect;
  const connection = new SocketConnection(address, options, connectTls, limitMs);
  const abort = () => connection.close();
  options.signal?.addEventListener("abort", abort);
  try {
    await within(createDeadline(limitMs), connection.open(), () => {
      throw connectFailure(address, options, new Error(`no answer within ${limitMs} ms`));
    });
    return connection;
  } catch (error) {
    connection.close();
    throw connectFailure(address, options, error);
  } finally {
    options.signal?.removeEventListener("abort", abort);
  }
}

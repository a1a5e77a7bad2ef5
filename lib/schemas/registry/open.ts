/** The schema registry that the configuration names; nothing is asked before it is needed. */
import { createSecureContext, type SecureContext } from "node:tls";
import type { Config } from "../../config.js";
import { RelayError } from "../../errors.js";
import { toPem } from "../../kafka/pem.js";
import { createSecrets, type ReadSecret } from "../../secrets.js";
import { ownAuthorities, parseCertificates } from "../../trusted-authorities.js";
import { authorizationOf } from "./authorization.js";
import { createConfluentRegistry } from "./confluent.js";
import type { SchemaRegistry } from "./registry.js";
import { createTransport, parseRegistryUrl, type Transport } from "./transport.js";

/** Undefined: no registry is configured. Throws `bad-configuration`. */
export function openRegistry(config: Config, secret: ReadSecret = createSecrets()): SchemaRegistry | undefined {
  if (config.SCHEMA_REGISTRY_URL === undefined) return undefined;
  const urls = config.SCHEMA_REGISTRY_URL.split(",").map((url) => parseRegistryUrl(url.trim()));
  if (urls.some(({ username }) => username !== "")) {
    throw new RelayError(
      "bad-configuration",
      "SCHEMA_REGISTRY_URL holds a user; set SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD.",
    );
  }
  if ((config.SCHEMA_REGISTRY_CERT === undefined) !== (config.SCHEMA_REGISTRY_KEY === undefined)) {
    throw new RelayError("bad-configuration", "SCHEMA_REGISTRY_CERT and SCHEMA_REGISTRY_KEY need each other.");
  }
  return createConfluentRegistry({ urls, transport: lazyTransport(config, secret), authorization: authorizationOf(config, secret) });
}

/** Its certificate may have to be read from Secrets Manager first, and may have been replaced there when a connection fails. */
function lazyTransport(config: Config, secret: ReadSecret): Transport {
  const isReplaceable = [config.SCHEMA_REGISTRY_CERT, config.SCHEMA_REGISTRY_KEY].some(
    (reference) => reference?.startsWith("arn:") === true,
  );
  let opened: Promise<Transport> | undefined;
  let isRefresh = false;
  const open = async (): Promise<Transport> => createTransport(await secureContextOf(config, secret, { refresh: isRefresh }));
  return {
    send: async (url, request) => {
      opened ??= open();
      const used = opened;
      try {
        return await (await used).send(url, request);
      } catch (thrown) {
        if (opened === used && (isReplaceable || thrown instanceof RelayError)) {
          opened = undefined;
          isRefresh = true;
        }
        throw thrown;
      }
    },
    close: () => void opened?.then((transport) => transport.close()),
  };
}

async function secureContextOf(
  config: Config,
  secret: ReadSecret,
  options: { readonly refresh: boolean },
): Promise<SecureContext | undefined> {
  const { SCHEMA_REGISTRY_CA: ca, SCHEMA_REGISTRY_CERT: cert, SCHEMA_REGISTRY_KEY: key } = config;
  if (ca === undefined && cert === undefined) return undefined;
  return createSecureContext({
    ...(ca === undefined ? {} : { ca: [...ownAuthorities(), ...parseCertificates(toPem(ca))] }),
    ...(cert === undefined ? {} : { cert: toPem(await secret(cert, options)) }),
    ...(key === undefined ? {} : { key: toPem(await secret(key, options)) }),
  });
}

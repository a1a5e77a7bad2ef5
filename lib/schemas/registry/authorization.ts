/** Who we are at a schema registry: basic, a bearer token, or OAuth client credentials; secrets are read when they are first needed. */
import type { Config } from "../../config.js";
import { RelayError } from "../../errors.js";
import { createOAuthTokens } from "../../oauth/client-credentials.js";
import { parseTokenUrl, requestToken } from "../../oauth/token-request.js";
import type { ReadSecret } from "../../secrets.js";
import type { RegistryAuthorization } from "./confluent-client.js";

/** Undefined: the registry asks nobody. Throws `bad-configuration` for what contradicts itself or is not complete. */
export function authorizationOf(config: Config, secret: ReadSecret): RegistryAuthorization | undefined {
  const ways = {
    SCHEMA_REGISTRY_USERNAME: config.SCHEMA_REGISTRY_USERNAME,
    SCHEMA_REGISTRY_TOKEN: config.SCHEMA_REGISTRY_TOKEN,
    SCHEMA_REGISTRY_OAUTH_TOKEN_URL: config.SCHEMA_REGISTRY_OAUTH_TOKEN_URL,
  };
  const given = Object.entries(ways).filter(([, value]) => value !== undefined);
  if (given.length > 1) throw wrong(`Set one of ${given.map(([name]) => name).join(", ")}: they exclude each other.`);
  if (ways.SCHEMA_REGISTRY_USERNAME !== undefined) return basic(ways.SCHEMA_REGISTRY_USERNAME, config.SCHEMA_REGISTRY_PASSWORD, secret);
  if (ways.SCHEMA_REGISTRY_TOKEN !== undefined) return bearer(ways.SCHEMA_REGISTRY_TOKEN, secret);
  return ways.SCHEMA_REGISTRY_OAUTH_TOKEN_URL === undefined ? undefined : oauth(ways.SCHEMA_REGISTRY_OAUTH_TOKEN_URL, config, secret);
}

function basic(username: string, password: string | undefined, secret: ReadSecret): RegistryAuthorization {
  if (password === undefined) throw wrong("SCHEMA_REGISTRY_USERNAME needs SCHEMA_REGISTRY_PASSWORD.");
  return {
    headers: async (refresh) => {
      const pair = `${await secret(username, { refresh })}:${await secret(password, { refresh })}`;
      return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
    },
    doubt: () => isKeptElsewhere(username) || isKeptElsewhere(password),
  };
}

function bearer(token: string, secret: ReadSecret): RegistryAuthorization {
  return {
    headers: async (refresh) => ({ authorization: `Bearer ${await secret(token, { refresh })}` }),
    doubt: () => isKeptElsewhere(token),
  };
}

function oauth(url: string, config: Config, secret: ReadSecret): RegistryAuthorization {
  const { SCHEMA_REGISTRY_OAUTH_CLIENT_ID: id, SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET: clientSecret } = config;
  if (id === undefined || clientSecret === undefined) {
    throw wrong("SCHEMA_REGISTRY_OAUTH_TOKEN_URL needs SCHEMA_REGISTRY_OAUTH_CLIENT_ID and SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET.");
  }
  const tokenUrl = parseTokenUrl(url);
  const tokens = createOAuthTokens({
    request: async (options) =>
      requestToken(
        {
          tokenUrl,
          clientId: await secret(id, options),
          clientSecret: await secret(clientSecret, options),
          scope: config.SCHEMA_REGISTRY_OAUTH_SCOPE,
        },
        { failures: { refused: "registry-unauthenticated", unavailable: "registry-unavailable" } },
      ),
  });
  const { SCHEMA_REGISTRY_LOGICAL_CLUSTER: cluster, SCHEMA_REGISTRY_IDENTITY_POOL: pool } = config;
  // https://docs.confluent.io/cloud/current/security/authenticate/workload-identities/identity-providers/oauth/overview.html
  const more = {
    ...(cluster === undefined ? {} : { "target-sr-cluster": cluster }),
    ...(pool === undefined ? {} : { "confluent-identity-pool-id": pool }),
  };
  let last = "";
  return {
    headers: async () => {
      last = await tokens.token();
      return { authorization: `Bearer ${last}`, ...more };
    },
    doubt: () => tokens.doubt(last),
  };
}

/** A secret that is only named here may have been rotated since it was read. */
function isKeptElsewhere(reference: string): boolean {
  return reference.startsWith("arn:") || reference.startsWith("env:");
}

function wrong(message: string): RelayError {
  return new RelayError("bad-configuration", message);
}

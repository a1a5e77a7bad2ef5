/** What the environment says of OAUTHBEARER: which token server is asked, as which client. Nothing is loaded or asked before the first connection. */
import type { Config } from "../config.js";
import { RelayError } from "../errors.js";
import { createOAuthTokens, type IssuedToken, type OAuthTokens } from "../oauth/client-credentials.js";
import { assertParameters, parseTokenUrl, requestToken } from "../oauth/token-request.js";
import type { ReadSecret } from "../secrets.js";
import { toPem } from "./pem.js";
import type { OAuthBearer } from "./security.js";

const needed = ["KAFKA_SASL_OAUTH_TOKEN_URL", "KAFKA_SASL_OAUTH_CLIENT_ID", "KAFKA_SASL_OAUTH_CLIENT_SECRET"] as const;

/** Throws `bad-configuration` for what can be seen to be wrong before anything is asked, and names every variable that is missing. */
export function oauthBearerOf(config: Config): OAuthBearer {
  const missing = needed.filter((name) => config[name] === undefined);
  if (missing.length > 0) {
    throw new RelayError(
      "bad-configuration",
      `KAFKA_SASL_MECHANISM oauthbearer needs ${needed.join(", ")}; not set: ${missing.join(", ")}. For Amazon MSK the mechanism is aws-iam.`,
    );
  }
  const parameters = Object.fromEntries(new URLSearchParams(config.KAFKA_SASL_OAUTH_PARAMETERS ?? ""));
  named("KAFKA_SASL_OAUTH_PARAMETERS", () => assertParameters(Object.keys(parameters)));
  const tokenUrl = named("KAFKA_SASL_OAUTH_TOKEN_URL", () => parseTokenUrl(config.KAFKA_SASL_OAUTH_TOKEN_URL ?? ""));
  let tokens: OAuthTokens | undefined;
  const extensions = toPairs(config.KAFKA_SASL_OAUTH_EXTENSIONS?.split(",") ?? []);
  if ("auth" in extensions)
    throw new RelayError("bad-configuration", "KAFKA_SASL_OAUTH_EXTENSIONS must not contain auth, which carries the token itself.");
  return {
    mechanism: "oauthbearer",
    token: async () => {
      tokens ??= await createTokens(config, tokenUrl, parameters);
      return tokens.token();
    },
    doubt: (token) => tokens?.doubt(token) ?? false,
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
  };
}

async function createTokens(config: Config, tokenUrl: URL, parameters: Readonly<Record<string, string>>): Promise<OAuthTokens> {
  const [{ trustAlso }, { createSecrets }] = await Promise.all([import("../trusted-authorities.js"), import("../secrets.js")]);
  const secret: ReadSecret = createSecrets();
  const { KAFKA_SASL_OAUTH_CA: ca } = config;
  const secureContext = ca === undefined ? undefined : trustAlso(toPem(ca));
  const request = async (options: { readonly refresh: boolean }): Promise<IssuedToken> =>
    requestToken(
      {
        tokenUrl,
        clientId: await secret(config.KAFKA_SASL_OAUTH_CLIENT_ID ?? "", options),
        clientSecret: await secret(config.KAFKA_SASL_OAUTH_CLIENT_SECRET ?? "", options),
        scope: config.KAFKA_SASL_OAUTH_SCOPE,
        parameters,
        clientAuthentication: config.KAFKA_SASL_OAUTH_CLIENT_AUTHENTICATION,
      },
      { secureContext, failures: { refused: "kafka-unauthenticated", unavailable: "kafka-unreachable" } },
    );
  return createOAuthTokens({ request });
}

/** Says in which variable the fault is. */
function named<Parsed>(variable: string, parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch (thrown) {
    throw thrown instanceof RelayError ? new RelayError(thrown.code, `${variable}: ${thrown.message}`, { cause: thrown }) : thrown;
  }
}

function toPairs(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

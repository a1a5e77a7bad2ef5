/** The laptop's JWT authorizer (`npm start -- --auth jwt`): checks a call's token as API Gateway's would, and hands its claims on in the event. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { parseConfig } from "../../lib/config.js";
import { toRelayError } from "../../lib/errors.js";
import { callerOfToken, createTokenCheck } from "../../lib/http/hosts/bearer-token.js";
import { toProblem } from "../../lib/http/problem.js";

/** The event with the claims of its token, or the answer that refuses it. */
export type Checked = { readonly event: unknown } | { readonly refusal: APIGatewayProxyStructuredResultV2 };

/** Undefined where no key is configured, and so no token is asked for. An event that is not an HTTP call is passed on as it is. */
export function createEventCheck(env: NodeJS.ProcessEnv): ((event: unknown) => Promise<Checked>) | undefined {
  const config = parseConfig(env);
  const { RELAY_JWT_PUBLIC_KEY: pem, RELAY_JWT_ISSUER: issuer, RELAY_JWT_AUDIENCE: audience } = config;
  if (pem === undefined) return undefined;
  const check = createTokenCheck({ keys: { pem }, issuer, audience });
  return async (given) => {
    const event = given as Partial<APIGatewayProxyEventV2> | undefined;
    if (event?.requestContext?.http === undefined) return { event: given };
    try {
      const claims = await check(authorizationOf(event));
      callerOfToken(claims, config);
      return { event: { ...event, requestContext: { ...event.requestContext, authorizer: { jwt: { claims, scopes: null } } } } };
    } catch (error) {
      const problem = toProblem(toRelayError(error));
      const body = JSON.stringify(problem);
      return { refusal: { statusCode: problem.status, headers: { "content-type": "application/json" }, body } };
    }
  };
}

function authorizationOf({ headers = {} }: Partial<APIGatewayProxyEventV2>): string | undefined {
  const name = Object.keys(headers).find((one) => one.toLowerCase() === "authorization");
  return name === undefined ? undefined : headers[name];
}

/** Lambda behind an API Gateway REST API. */
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type { HttpOptions } from "../environment.js";
import { createHandler } from "../handler.js";
import type { Operations } from "../operation.js";
import { routesByPath } from "../router.js";
import { deadlineOf, type LambdaContext } from "./lambda.js";
import { restApiHost, toRestRequest, toRestResult } from "./rest-api-event.js";

interface RestApiOptions extends HttpOptions {
  /**
   * Whether the API's `binaryMediaTypes` is `*` + `/*`. Without it, the gateway hands bodies on as text and sends bytes in base64, so replies are not compressed here
   * and compressed or binary request bodies are refused (https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html).
   */
  readonly hasBinaryMediaTypes?: boolean;
}

type RestApiHandler = (event: APIGatewayProxyEvent, context: LambdaContext) => Promise<APIGatewayProxyResult>;

export function restApi(operations: Operations, options: RestApiOptions = {}): RestApiHandler {
  const handle = createHandler(operations, routesByPath(operations), options);
  const host = restApiHost(options.hasBinaryMediaTypes ?? false);
  return async (event, context) => toRestResult(await handle(toRestRequest(event, host), deadlineOf(context, host)));
}

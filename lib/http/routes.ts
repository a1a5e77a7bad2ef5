/** How a host's calls find their operations. */
import type { HttpRequest } from "./message.js";
import type { Operations } from "./operation.js";

/** An operation by its key, API Gateway's route key ("POST /topics/{topic}"), and the values of its path parameters. */
export interface OperationRoute {
  readonly key: string;
  readonly path: Readonly<Record<string, string>>;
}

export interface Routes {
  /** Throws `not-found` or `method-not-allowed` for a call that has no operation. */
  readonly find: (request: HttpRequest) => OperationRoute;
}

const none = Object.freeze({});

/** The gateway has routed already. HEAD is served by the operation of GET; what has no operation goes to the catch-all. */
export function routesOfGateway(operations: Operations): Routes {
  return {
    find: ({ route }) => {
      const key = [route?.key, route?.key.replace(/^HEAD /, "GET ")].find((one) => one !== undefined && operations[one] !== undefined);
      return key === undefined
        ? { key: operations.$default === undefined ? (route?.key ?? "$default") : "$default", path: none }
        : { key, path: route?.path ?? none };
    },
  };
}

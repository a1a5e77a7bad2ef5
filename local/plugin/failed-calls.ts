/**
 * Calls of functions that fail, as an HTTP API answers them. serverless-offline answers 200 to a function that throws or runs out of time (payload 2.0), so that a sender
 * would take for written what may not be.
 */

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** What serverless-offline uses of a function. */
interface OfflineFunction {
  setEvent(event: unknown): void;
  setClientContext(context: unknown): void;
  runHandler(): Promise<unknown>;
}

interface OfflineFunctions {
  prototype: { get: (functionKey: string) => OfflineFunction };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html */
const failedAnswer = {
  statusCode: 500,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ message: "Internal Server Error" }),
};

/** For every function that the serverless-offline of this project starts from now on. `say` gets a line per failure. */
export async function answerFailedCalls(serviceFolder: string, say: (line: string) => void): Promise<void> {
  // The project's own one: a package cannot see it in every layout of node_modules.
  const file = createRequire(join(serviceFolder, "package.json")).resolve("serverless-offline/lambda");
  const { default: functions } = (await import(pathToFileURL(file).href)) as { readonly default: OfflineFunctions };
  const { get } = functions.prototype;
  functions.prototype.get = function getAnswering(functionKey) {
    return answering(get.call(this, functionKey), (reason) => say(`${functionKey} failed, and its caller gets 500: ${reason}`));
  };
}

function answering(offline: OfflineFunction, say: (reason: string) => void): OfflineFunction {
  let isHttpCall = false;
  return {
    setEvent: (event) => {
      isHttpCall = isOfHttpApi(event);
      offline.setEvent(event);
    },
    setClientContext: (context) => offline.setClientContext(context),
    runHandler: async () => {
      try {
        return await offline.runHandler();
      } catch (error) {
        if (!isHttpCall) throw error;
        say(error instanceof Error ? error.message : String(error));
        return failedAnswer;
      }
    },
  };
}

function isOfHttpApi(event: unknown): boolean {
  const { version, requestContext } = (event ?? {}) as {
    readonly version?: unknown;
    readonly requestContext?: { readonly http?: unknown };
  };
  return version === "2.0" && requestContext?.http !== undefined;
}

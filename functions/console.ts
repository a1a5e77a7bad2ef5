/** The console's page. It has no privileges in Kafka: the page calls the API as the person who uses it. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { consoleOperations } from "../lib/http/operations/console-operations.js";

/** From the folder that the function runs in: the project's on a laptop, the package's on AWS. */
export const operations = consoleOperations(".build/console-page");

export const handler = httpApi(operations);

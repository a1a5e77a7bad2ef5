/** The console's page. It has no privileges in Kafka: the page calls the API as the person who uses it. */
import { consolePageFolderOf } from "../lib/http/console/page-folder.js";
import { httpApi } from "../lib/http/hosts/http-api.js";
import { consoleOperations } from "../lib/http/operations/console-operations.js";

export const operations = consoleOperations(consolePageFolderOf(import.meta.dirname));

export const handler = httpApi(operations);

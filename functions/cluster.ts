/** The cluster itself: its brokers and their settings, where partitions live and who leads them. Has the admin privileges on the cluster. */
import { http } from "../lib/http/handler.js";
import { clusterOperations } from "../lib/http/operations/cluster-operations.js";
import { v2BrokerOperations } from "../lib/http/operations/v2-metadata-operations.js";

export const operations = { ...v2BrokerOperations, ...clusterOperations };

export const handler = http(operations);

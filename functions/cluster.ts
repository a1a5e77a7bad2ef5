/** The cluster: its brokers and their settings, reassignments and leader elections. Has the admin privileges on the cluster. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { brokerConfigOperations } from "../lib/http/operations/broker-config-operations.js";
import { clusterOperations } from "../lib/http/operations/cluster-operations.js";
import { mskOperations } from "../lib/http/operations/msk-operations.js";
import { reassignmentOperations } from "../lib/http/operations/reassignment-operations.js";
import { v2BrokerOperations } from "../lib/http/operations/v2-metadata-operations.js";

export const operations = {
  ...v2BrokerOperations,
  ...clusterOperations,
  ...brokerConfigOperations,
  ...reassignmentOperations,
  ...mskOperations,
};

export const handler = httpApi(operations);

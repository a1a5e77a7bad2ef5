/** Every operation of the API: what the deployed functions answer between them. A test compares both. */
import type { Operations } from "../../lib/http/operation.js";
import { aclOperations } from "../../lib/http/operations/acl-operations.js";
import { brokerConfigOperations } from "../../lib/http/operations/broker-config-operations.js";
import { clusterOperations } from "../../lib/http/operations/cluster-operations.js";
import { deadLetterOperations } from "../../lib/http/operations/dead-letter-operations.js";
import { eventOperations } from "../../lib/http/operations/event-operations.js";
import { groupOffsetOperations } from "../../lib/http/operations/group-offset-operations.js";
import { groupOperations } from "../../lib/http/operations/group-operations.js";
import { mskOperations } from "../../lib/http/operations/msk-operations.js";
import { partitionOperations } from "../../lib/http/operations/partition-operations.js";
import { permissionOperations } from "../../lib/http/operations/permission-operations.js";
import { produceV2Operations } from "../../lib/http/operations/produce-v2-operations.js";
import { produceV3Operations } from "../../lib/http/operations/produce-v3-operations.js";
import { readOperations } from "../../lib/http/operations/read-operations.js";
import { reassignmentOperations } from "../../lib/http/operations/reassignment-operations.js";
import { serviceOperations } from "../../lib/http/operations/service-operations.js";
import { topicConfigOperations } from "../../lib/http/operations/topic-config-operations.js";
import { topicOperations } from "../../lib/http/operations/topic-operations.js";
import { topicSummaryOperations } from "../../lib/http/operations/topic-summary-operations.js";
import { v2BrokerOperations, v2TopicOperations } from "../../lib/http/operations/v2-metadata-operations.js";

export const allOperations: Operations = {
  ...produceV2Operations,
  ...produceV3Operations,
  ...eventOperations,
  ...readOperations,
  ...v2TopicOperations,
  ...topicOperations,
  ...topicSummaryOperations,
  ...topicConfigOperations,
  ...partitionOperations,
  ...groupOperations,
  ...groupOffsetOperations,
  ...aclOperations,
  ...v2BrokerOperations,
  ...clusterOperations,
  ...brokerConfigOperations,
  ...reassignmentOperations,
  ...mskOperations,
  ...deadLetterOperations,
  ...serviceOperations,
  ...permissionOperations,
};

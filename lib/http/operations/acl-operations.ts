/** v3 ACLs: search, create one or many, delete. */
import { RelayError } from "../../errors.js";
import { createAcls, deleteAcls, findAcls } from "../../kafka/admin/acls.js";
import { type Operations, operation } from "../operation.js";
import { clusterLinks, inCluster } from "../rest/in-cluster.js";
import {
  aclBatchBody,
  aclBody,
  aclList,
  aclQuery,
  deletedAcls,
  searchFor,
  searchOf,
  toAclResource,
  toDeleteFilter,
  toFilter,
} from "../rest/v3-acls.js";
import { toList } from "../rest/v3-resources.js";

export const aclOperations: Operations = {
  "GET /v3/clusters/{cluster_id}/acls": operation({
    may: "acl:describe",
    summary: "List the ACLs that match a search.",
    path: inCluster,
    query: aclQuery,
    answers: { 200: aclList },
    run: async ({ path, query }, context) => {
      const links = await clusterLinks(context, path);
      const filter = toFilter(query);
      const acls = await findAcls(context.kafka, filter, context.deadline);
      const data = acls.map((acl) => toAclResource(links, acl));
      return { status: 200, body: toList("KafkaAcl", links.url(searchOf(filter)), data) };
    },
  }),

  "POST /v3/clusters/{cluster_id}/acls": operation({
    may: "acl:alter",
    summary: "Create an ACL.",
    path: inCluster,
    body: aclBody,
    answers: { 201: null },
    run: async ({ path, body }, context) => {
      const links = await clusterLinks(context, path);
      const [error] = await createAcls(context.kafka, [body], context.deadline);
      if (error !== undefined) throw error;
      return { status: 201, headers: { location: links.url(searchFor(body)) } };
    },
  }),

  "POST /v3/clusters/{cluster_id}/acls:batch": operation({
    may: "acl:alter",
    summary: "Create many ACLs. If one of them is not valid, none is created.",
    path: inCluster,
    body: aclBatchBody,
    answers: { 204: null },
    run: async ({ path, body }, context) => {
      await clusterLinks(context, path);
      const errors = (await createAcls(context.kafka, body.data, context.deadline)).filter((error) => error instanceof RelayError);
      const [first] = errors;
      if (first !== undefined) throw first;
      return { status: 204 };
    },
  }),

  "DELETE /v3/clusters/{cluster_id}/acls": operation({
    may: "acl:alter",
    summary: "Delete the ACLs that match a search, and return them.",
    path: inCluster,
    query: aclQuery,
    answers: { 200: deletedAcls },
    run: async ({ path, query }, context) => {
      const links = await clusterLinks(context, path);
      const deleted = await deleteAcls(context.kafka, toDeleteFilter(query), context.deadline);
      return { status: 200, body: { data: deleted.map((acl) => toAclResource(links, acl)) } };
    },
  }),
};

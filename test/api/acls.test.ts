/** ACLs by the v3 contract: searched by query, created one by one and many at once, deleted. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdminApi, createAdminApi } from "../support/api/admin-api.js";
import { uniqueName } from "../support/broker/unique-names.js";

let api: AdminApi;
beforeAll(async () => {
  api = await createAdminApi();
});
afterAll(() => api.close());

const allowRead = (principal: string, resource_name = "orders") => ({
  resource_type: "TOPIC",
  resource_name,
  pattern_type: "LITERAL",
  principal,
  host: "*",
  operation: "READ",
  permission: "ALLOW",
});

/** Somebody whom no other test knows; what he may is taken back at the end of the test that asks. */
const newPrincipal = () => `User:${uniqueName("somebody")}`;
const aclsOf = async (principal: string) => (await api.v3(`GET /acls?principal=${encodeURIComponent(principal)}`)).json;
const takeBack = (principal: string) =>
  api.v3(`DELETE /acls?resource_type=any&pattern_type=any&operation=any&permission=any&principal=${encodeURIComponent(principal)}`);

test("an ACL is created, found by its Location, and deleted", async () => {
  const principal = newPrincipal();

  const created = await api.v3("POST /acls", { body: allowRead(principal) });
  const { location = "" } = created.headers;
  const found = await api.v3(`GET ${location.split(api.clusterId)[1]}`);
  const deleted = await takeBack(principal);

  const acl = {
    kind: "KafkaAcl",
    metadata: { self: location },
    cluster_id: api.clusterId,
    ...allowRead(principal),
  };
  expect([created.status, created.text]).toEqual([201, ""]);
  expect(found.json).toEqual({ kind: "KafkaAclList", metadata: { self: location, next: null }, data: [acl] });
  expect([deleted.status, deleted.json]).toEqual([200, { data: [acl] }]);
  expect((await aclsOf(principal)).data).toEqual([]);
});

test("many ACLs are created at once, and are listed sorted by all their columns", async () => {
  const principal = newPrincipal();
  const data = ["b", "a", "c"].map((name) => allowRead(principal, name));

  const created = await api.v3("POST /acls:batch", { body: { data } });
  const listed = await aclsOf(principal);
  await takeBack(principal);

  expect([created.status, created.text]).toEqual([204, ""]);
  expect(listed.data.map(({ resource_name }: { resource_name: string }) => resource_name)).toEqual(["a", "b", "c"]);
});

test("an empty batch is a batch", async () => {
  expect((await api.v3("POST /acls:batch", { body: { data: [] } })).status).toBe(204);
});

test("a bad entry in a batch, and none is created", async () => {
  const principal = newPrincipal();

  const answer = await api.v3("POST /acls:batch", {
    body: { data: [allowRead(principal), { ...allowRead(principal), operation: "FLY" }] },
  });

  expect(answer.status).toBe(400);
  expect((await aclsOf(principal)).data).toEqual([]);
});

test("words of a query are taken in any letter case, and the search is echoed in self", async () => {
  const principal = newPrincipal();
  await api.v3("POST /acls", { body: allowRead(principal) });

  const { json } = await api.v3("GET /acls?resource_type=topic&operation=Read");
  const again = await api.v3(`GET ${json.metadata.self.split(api.clusterId)[1]}`);
  await takeBack(principal);

  expect(again.json).toEqual(json);
  expect(json.data.map((acl: { principal: string }) => acl.principal)).toContain(principal);
  expect(json.metadata.self).toContain(
    "resource_type=TOPIC&resource_name=&pattern_type=ANY&principal=&host=&operation=READ&permission=ANY",
  );
});

test.each([
  ["GET /acls?resource_type=UNKNOWN", 400],
  ["GET /acls?operation=unknown", 400],
  ["GET /acls?operation=fly", 404],
  ["GET /acls?resource_type=planet", 404],
  ["DELETE /acls", 400],
  ["DELETE /acls?resource_type=topic&pattern_type=literal&operation=read&permission=allow&resource_name=", 400],
  ["DELETE /acls?resource_type=topic&pattern_type=literal&operation=read", 400],
  ["DELETE /acls?resource_type=topic&pattern_type=literal&operation=unknown&permission=allow", 400],
])("%s is %i", async (methodAndPath, status) => {
  expect((await api.v3(methodAndPath)).status).toBe(status);
});

test.each([
  ["an operation that does not exist", { operation: "FLY" }, 400],
  ["a resource type that is a search", { resource_type: "ANY" }, 400],
  ["a pattern type that is a search", { pattern_type: "MATCH" }, 400],
  ["a principal without a type", { principal: "alice" }, 400],
  ["an empty resource name", { resource_name: "" }, 400],
  ["an empty host", { host: "" }, 400],
  ["a name that no string of Kafka's holds", { resource_name: "x".repeat(32_768) }, 400],
  ["another name for the cluster", { resource_type: "CLUSTER", resource_name: "mine" }, 400],
  ["an unknown member", { colour: "red" }, 422],
])("an ACL with %s is not created", async (_, change, status) => {
  expect((await api.v3("POST /acls", { body: { ...allowRead("User:nobody"), ...change } })).status).toBe(status);
});

test("a member that is missing is 400, a body that is missing 422", async () => {
  const { host: _, ...withoutHost } = allowRead("User:nobody");

  expect((await api.v3("POST /acls", { body: withoutHost })).status).toBe(400);
  expect((await api.v3("POST /acls", { contentType: "application/json" })).status).toBe(422);
});

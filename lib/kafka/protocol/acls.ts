/** The messages about ACLs. */
import { array, defineApi, int8, int16, int32, nullableString, string, struct } from "./wire.js";

const filter = {
  resourceType: int8,
  resourceName: nullableString,
  patternType: int8,
  principal: nullableString,
  host: nullableString,
  operation: int8,
  permission: int8,
} as const;

export const describeAclsApi = defineApi({
  name: "DescribeAcls",
  key: 29,
  versions: [1, 3],
  flexibleFrom: 2,
  request: struct(filter),
  answer: struct({
    throttleMs: int32,
    errorCode: int16,
    errorMessage: nullableString,
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        patternType: int8,
        acls: array(struct({ principal: string, host: string, operation: int8, permission: int8 })),
      }),
    ),
  }),
});

const acl = {
  resourceType: int8,
  resourceName: string,
  patternType: int8,
  principal: string,
  host: string,
  operation: int8,
  permission: int8,
} as const;

export const createAclsApi = defineApi({
  name: "CreateAcls",
  key: 30,
  versions: [1, 3],
  flexibleFrom: 2,
  request: struct({ acls: array(struct(acl)) }),
  answer: struct({ throttleMs: int32, results: array(struct({ errorCode: int16, errorMessage: nullableString })) }),
});

export const deleteAclsApi = defineApi({
  name: "DeleteAcls",
  key: 31,
  versions: [1, 3],
  flexibleFrom: 2,
  request: struct({ filters: array(struct(filter)) }),
  answer: struct({
    throttleMs: int32,
    results: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        acls: array(struct({ errorCode: int16, errorMessage: nullableString, ...acl })),
      }),
    ),
  }),
});

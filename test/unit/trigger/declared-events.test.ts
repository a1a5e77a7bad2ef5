/** Which mappings a service declares, wherever it declares them. */
import { expect, test } from "vitest";
import { declaredEvents } from "../../../local/kafka-trigger/src/plugin/declared-events.js";
import type { Serverless } from "../../../local/kafka-trigger/src/plugin/serverless.js";

const arn = "arn:aws:kafka:eu-west-1:1:cluster/my-cluster/1";

const service = (functions: Readonly<Record<string, object>>, resources?: unknown) =>
  declaredEvents({
    service: {
      service: "shop",
      provider: { stage: "dev" },
      resources,
      getAllFunctions: () => Object.keys(functions),
      getFunction: (key: string) => functions[key] ?? {},
    },
  } as unknown as Serverless);

test("resources.extensions lays over the event that made the mapping", () => {
  const events = service(
    { "new-orders": { events: [{ msk: { arn, topic: "orders.v1", batchSize: 10 } }] } },
    {
      extensions: {
        NewDashordersEventSourceMappingMSKMyclusterOrdersv1: {
          Properties: {
            BatchSize: 20,
            MaximumRetryAttempts: 3,
            DestinationConfig: { OnFailure: { Destination: "kafka://lost" } },
            FilterCriteria: { Filters: [{ Pattern: '{"value":{"a":[1]}}' }] },
          },
        },
      },
    },
  );

  expect(events).toEqual([
    {
      functionKey: "new-orders",
      kind: "msk",
      place: "0",
      isResource: false,
      given: {
        arn,
        topic: "orders.v1",
        batchSize: 20,
        maximumRetryAttempts: 3,
        onFailureDestination: "kafka://lost",
        filterPatterns: [{ value: { a: [1] } }],
      },
    },
  ]);
});

test.each<[string, unknown]>([
  ["a Ref", { Ref: "OrdersLambdaFunction" }],
  ["Fn::GetAtt", { "Fn::GetAtt": ["OrdersLambdaFunction", "Arn"] }],
  ["its name", "shop-dev-orders"],
  ["its ARN", "arn:aws:lambda:eu-west-1:1:function:shop-dev-orders"],
])("a raw mapping that names a function by %s is one of its mappings", (_how, FunctionName) => {
  const mapping = {
    Type: "AWS::Lambda::EventSourceMapping",
    Properties: {
      FunctionName,
      Topics: ["orders"],
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ["b-1:9092"] } },
      SourceAccessConfigurations: [{ Type: "BASIC_AUTH", URI: "arn:aws:secretsmanager:eu-west-1:1:secret:s" }],
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: "group" },
      StartingPosition: "LATEST",
    },
  };

  const events = service({ orders: {} }, [{ Resources: { Raw: mapping } }]);

  expect(events).toEqual([
    {
      functionKey: "orders",
      kind: "kafka",
      place: "Raw",
      isResource: true,
      given: {
        topic: "orders",
        startingPosition: "LATEST",
        consumerGroupId: "group",
        bootstrapServers: ["b-1:9092"],
        accessConfigurations: { saslPlainAuth: "arn:aws:secretsmanager:eu-west-1:1:secret:s" },
      },
    },
  ]);
});

test("mappings of queues and of other services' functions are ignored", () => {
  const Resources = {
    Queue: {
      Type: "AWS::Lambda::EventSourceMapping",
      Properties: { FunctionName: "shop-dev-orders", EventSourceArn: "arn:aws:sqs:eu-west-1:1:q" },
    },
    Other: { Type: "AWS::Lambda::EventSourceMapping", Properties: { FunctionName: "elsewhere", Topics: ["orders"], EventSourceArn: arn } },
  };

  expect(service({ orders: {} }, { Resources })).toEqual([]);
});

/** serverless.yml with CloudFormation's short forms, read without the framework. */
import { expect, test } from "vitest";
import { parse } from "yaml";
import { cloudFormationTags } from "../../../local/build/cloudformation-tags.js";

const read = (text: string): unknown => parse(text, { customTags: cloudFormationTags });

test("a short form is the object that it stands for", () => {
  expect(read("arn: !GetAtt Orders.Arn")).toEqual({ arn: { "Fn::GetAtt": ["Orders", "Arn"] } });
  expect(read("arn: !GetAtt [Orders, Arn]")).toEqual({ arn: { "Fn::GetAtt": ["Orders", "Arn"] } });
  expect(read("arn: !Ref Orders")).toEqual({ arn: { Ref: "Orders" } });
  expect(read("arn: !Join [':', [arn, !Ref Orders]]")).toEqual({ arn: { "Fn::Join": [":", ["arn", { Ref: "Orders" }]] } });
});

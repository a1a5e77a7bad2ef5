/** The files of the Terraform module. Pure: the module in, files by name out. */
import type { Module } from "../module.js";
import { isRequired, toSnake } from "../variables.js";
import { hclText, printVariable } from "./hcl.js";
import { toResources } from "./resources.js";

const written = "# Written by `npm run modules` from the declaration of kafka-relay. Change the declaration, and write it again.\n";

export function toTerraformFiles(module: Module): Readonly<Record<string, string>> {
  const { variables, outputs } = module;
  const { text, print } = toResources(module);
  const outputBlocks = outputs.map(
    ({ name, meaning, value }) =>
      `output "${toSnake(name)}" {\n  description = ${hclText(meaning || name)}\n  value       = ${print(value)}\n}\n`,
  );
  return {
    "main.tf": [written, head, localsOf(module), text].join("\n"),
    "variables.tf": [written, ...variables.map(printVariable)].join("\n"),
    "outputs.tf": [written, ...outputBlocks].join("\n"),
    "README.md": readme(module),
  };
}

/** `region` of the data source is an attribute since version 6. */
const head = `terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}
`;

function localsOf({ variables }: Module): string {
  const withStage = variables.filter(({ standard }) => String(standard).includes("{"));
  const lines = [
    ["stack_name", `"kafka-relay-\${var.stage}"`],
    ...withStage.map(({ name, standard }) => [
      toSnake(name),
      `var.${toSnake(name)} == null ? "${String(standard).replace(/\{(\w+)\}/g, "$${var.$1}")}" : var.${toSnake(name)}`,
    ]),
    ...(variables.some(({ name }) => name === "clusterArn")
      ? [
          ["cluster_prefix", 'split(":cluster/", var.cluster_arn)[0]'],
          ["cluster_path", 'split(":cluster/", var.cluster_arn)[1]'],
          ["cluster_name", 'split("/", local.cluster_path)[0]'],
        ]
      : []),
  ];
  return `locals {\n${lines.map(([name, value]) => `  ${name} = ${value}`).join("\n")}\n}\n`;
}

function readme({ variables, settled }: Module): string {
  const rows = variables.map(
    (variable) =>
      `| \`${toSnake(variable.name)}\` | ${isRequired(variable) ? "required" : variable.standard === undefined || variable.standard === "" ? "none" : `\`${variable.standard}\``} | ${variable.meaning} |`,
  );
  return [
    "# kafka-relay for Terraform",
    "",
    `Settled when this module was written: ${settled.map((one) => `\`${one}\``).join(", ")}. To change one of them, write the module again with \`npm run modules\`.`,
    "",
    "| variable | default | meaning |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

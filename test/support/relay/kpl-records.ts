/** A record that aws_kinesis_agg 1.2.3, which AWS publishes on PyPI, has aggregated: six records, three of them with a hash key, one with bytes that are not UTF-8. */
export const aggregated = {
  partitionKey: "k0",
  data: "84mawgoCazAKAmsxCgJrMgoGw6kta2V5EhUxMDAwMDAwMDAwMDAwMDAwMDAwMDASFTEwMDAwMDAwMDAwMDAwMDAwMDAwMhIVMTAwMDAwMDAwMDAwMDAwMDAwMDA0Gg0IABAAGgd7Im4iOjB9GgsIARoHeyJuIjoxfRoNCAIQARoHeyJuIjoyfRoLCAAaB3sibiI6M30aDQgBEAIaBwBieXRlc/8aCwgDGgd7Im4iOjV9+Uuojv0Qqwrue/4qHqEdzw==",
  /** Partition key and data of each, the data in base64. */
  records: [
    ["k0", "eyJuIjowfQ=="],
    ["k1", "eyJuIjoxfQ=="],
    ["k2", "eyJuIjoyfQ=="],
    ["k0", "eyJuIjozfQ=="],
    ["k1", "AGJ5dGVz/w=="],
    ["é-key", "eyJuIjo1fQ=="],
  ],
} as const;

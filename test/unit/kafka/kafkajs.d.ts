/** What tests use of kafkajs's insides to compare ours with. */
declare module "kafkajs/src/producer/partitioners/default/murmur2.js" {
  export default function murmur2(key: Buffer): number;
}

/** The delivery id in a header of every record that a source writes: consumers recognise a repeat by it, and a redrive keeps it. */
import type { RecordHeader } from "../kafka/records.js";
import type { Delivery, TargetDefinition } from "../relay/delivery.js";

export const deliveryIdHeader = "relay.delivery-id";

const isDeliveryId = ({ name }: RecordHeader): boolean => name === deliveryIdHeader;

export function deliveryIdOf(headers: readonly RecordHeader[]): string | undefined {
  return headers.findLast(isDeliveryId)?.value?.toString();
}

/** The other system cannot choose our header: one of that name is dropped. */
export function withDeliveryId(headers: readonly RecordHeader[], id: string): readonly RecordHeader[] {
  return [...(headers.some(isDeliveryId) ? headers.filter((header) => !isDeliveryId(header)) : headers), toHeader(id)];
}

const toHeader = (id: string): RecordHeader => ({ name: deliveryIdHeader, value: Buffer.from(id) });

/** The same target, whose records all carry their delivery id, also where a transform wrote its own headers or made several messages. */
export function stampedTarget(target: TargetDefinition): TargetDefinition {
  return {
    ...target,
    open: async (context) => {
      const opened = await target.open(context);
      return { ...opened, deliver: (deliveries, deadline) => opened.deliver(deliveries.map(stamped), deadline) };
    },
  };
}

function stamped(delivery: Delivery): Delivery {
  const { id, message, source, generation, attempt, textAt } = delivery;
  const last = message.headers.at(-1);
  if (last !== undefined && isDeliveryId(last) && last.value?.toString() === id) return delivery;
  return { id, message: { ...message, headers: withDeliveryId(message.headers, id) }, source, generation, attempt, textAt };
}

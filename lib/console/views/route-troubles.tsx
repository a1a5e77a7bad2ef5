/** What a route holds back and why, its breaker, and its recent failures. */
import { Icon } from "../parts/icons.js";
import { TimeText } from "../parts/times.js";
import { linkTo } from "../state/place.js";
import type { RouteStatus } from "../state/routes.js";

export function RouteTroubles({ route }: { readonly route: RouteStatus }) {
  const { fault, held, breaker, failures } = route;
  return (
    <>
      {fault !== null && <Warning title={`The route has a fault: ${fault.code}`} text={fault.message} />}
      {breaker !== null && breaker.state !== "closed" && (
        <Warning title={`The breaker is ${breaker.state}`} text={breaker.reason ?? "The target failed too often in a row."} />
      )}
      {held.map(({ code, message, topic, partition, offset, since }) => (
        <Warning
          key={`${topic} ${partition}`}
          title={`Held since ${since}: ${code}`}
          text={message}
          link={{ words: `${topic} ${partition}/${offset}`, to: linkTo(["topics", topic], { record: `${partition}/${offset}` }) }}
        />
      ))}
      {failures.length > 0 && <Failures failures={failures} letters={route.definition?.dead_letters.topics ?? []} />}
    </>
  );
}

function Warning({
  title,
  text,
  link,
}: {
  readonly title: string;
  readonly text: string;
  readonly link?: { readonly words: string; readonly to: string };
}) {
  return (
    <div class="trouble">
      <Icon name="alert" />
      <div class="grow">
        <strong>{title}</strong>
        <div>{text}</div>
        {link !== undefined && <a href={link.to}>{link.words}</a>}
      </div>
    </div>
  );
}

/** The dead letters have the rest. */
const failuresShownMax = 8;

function Failures({ failures, letters }: { readonly failures: RouteStatus["failures"]; readonly letters: readonly string[] }) {
  const [letterTopic] = letters;
  return (
    <section class="card">
      <div class="card-head">
        <h2>Recent failures</h2>
        {letterTopic !== undefined && <a href={linkTo(["dead-letters", letterTopic])}>Dead letters</a>}
      </div>
      <table class="plain">
        <tbody>
          {failures.slice(0, failuresShownMax).map(({ code, message, topic, partition, offset, verdict, time }) => (
            <tr key={`${topic} ${partition} ${offset} ${time}`}>
              <td class="nowrap">
                <TimeText timeMs={Date.parse(time)} />
              </td>
              <td>
                <span class={`badge ${verdict === "dead-lettered" ? "warn" : "bad"}`}>{code}</span>
              </td>
              <td>{message}</td>
              <td class="nowrap">
                <a href={linkTo(["topics", topic], { record: `${partition}/${offset}` })}>{`${topic} ${partition}/${offset}`}</a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

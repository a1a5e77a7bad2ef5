/** The topics with dead letters. One alone is opened at once. */
import { useEffect } from "preact/hooks";
import { Empty } from "../parts/empty.js";
import { RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { loadLetters, loadLetterTopics } from "../state/letters.js";
import { useLoaded } from "../state/loading.js";
import { goTo, linkTo } from "../state/place.js";
import { toCountText } from "../words/format.js";

interface LetterTopic {
  readonly name: string;
  readonly open: number;
  readonly routes: readonly string[];
  readonly hasMore: boolean;
}

export function LetterTopicsView() {
  const loaded = useLoaded("letter topics", async (signal) =>
    Promise.all((await loadLetterTopics(signal)).map((name) => toLetterTopic(name, signal))),
  );
  const topics = loaded.data;
  useEffect(() => {
    if (topics?.length === 1 && topics[0] !== undefined) goTo(linkTo(["dead-letters", topics[0].name]));
  }, [topics]);
  return (
    <div class="view">
      <div class="view-head">
        <h1>Dead letters</h1>
      </div>
      <LoadingState loaded={loaded} />
      {topics?.length === 0 && (
        <Empty title="There are no dead letters">
          <p>A route writes the records here that it cannot deliver, each with its reason. There is no topic of dead letters yet.</p>
        </Empty>
      )}
      {topics !== undefined && topics.length > 1 && (
        <RowTable
          label="Topics with dead letters"
          rows={topics}
          keyOf={({ name }) => name}
          columns={columns}
          onOpen={({ name }) => goTo(linkTo(["dead-letters", name]))}
        />
      )}
    </div>
  );
}

async function toLetterTopic(name: string, signal: AbortSignal): Promise<LetterTopic> {
  const { letters, hasMore } = await loadLetters(name, { state: "open" }, signal);
  return { name, open: letters.length, hasMore, routes: [...new Set(letters.flatMap(({ route }) => route ?? []))] };
}

const columns = [
  { title: "Topic", cell: ({ name }: LetterTopic) => <a href={linkTo(["dead-letters", name])}>{name}</a> },
  {
    title: "Open",
    width: "110px",
    isNumber: true,
    cell: ({ open, hasMore }: LetterTopic) => (
      <span class={`badge ${open === 0 ? "" : "bad"}`}>{`${toCountText(open)}${hasMore ? "+" : ""}`}</span>
    ),
  },
  { title: "Routes", width: "40%", cell: ({ routes }: LetterTopic) => routes.join(", ") },
];

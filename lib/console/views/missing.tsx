/** The place of an address that means nothing here. */
import { Empty } from "../parts/empty.js";
import { linkTo, place } from "../state/place.js";

export function Missing() {
  return (
    <div class="view">
      <Empty title="There is no such view">
        <p>
          The console has no view <code>{place.value.path.join("/")}</code>. <a href={linkTo(["topics"])}>Go to the topics.</a>
        </p>
      </Empty>
    </div>
  );
}

// Shares a resource that is slow to create and quick to use: a caller takes a free one, or waits briefly before another is created.

/**
 * `take` resolves to a function that ends the turn. The first resource is created at once. While callers wait, another is created after `patienceMs`, and
 * the next after twice as long, up to `patienceMaxMs`, because creating many at a time makes each slower.
 * `forget` records that the unused ones are gone.
 */
export function createTurns(patienceMs, patienceMaxMs) {
  const waiting = [];
  let made = 0;
  let used = 0;
  /** Is the creation of another scheduled? */
  let isMaking = false;
  let pauseMs = patienceMs;

  function give() {
    const next = waiting.shift();
    if (next === undefined) used--;
    else next(end());
  }

  /** Only the first call counts. */
  function end() {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      give();
    };
  }

  function makeSoon() {
    if (isMaking) return;
    isMaking = true;
    setTimeout(makeAnother, pauseMs);
  }

  function makeAnother() {
    isMaking = false;
    const next = waiting.shift();
    if (next !== undefined) {
      made++;
      used++;
      next(end());
    }
    pauseMs = waiting.length > 0 ? Math.min(patienceMaxMs, pauseMs * 2) : patienceMs;
    if (waiting.length > 0) makeSoon();
  }

  return {
    take() {
      if (made === 0) made = 1;
      if (used < made) {
        used++;
        return Promise.resolve(end());
      }
      makeSoon();
      return new Promise((resolve) => waiting.push(resolve));
    },
    forget() {
      made = used;
    },
  };
}

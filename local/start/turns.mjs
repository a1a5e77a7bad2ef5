// Turns at something that is dear to make and quick to use: whoever comes takes what is free, and waits a little before one more is made.

/**
 * `take` answers a promise of a turn's end. One is made at once where there is none; while somebody waits, one more after `patienceMs`, and
 * the next after twice as long, up to `patienceMaxMs`: making many at a time would make each slower.
 * `forget` says that those which are not in use are gone.
 */
export function createTurns(patienceMs, patienceMaxMs) {
  const waiting = [];
  let made = 0;
  let used = 0;
  /** Will one more be made before long? */
  let isMaking = false;
  let pauseMs = patienceMs;

  function give() {
    const next = waiting.shift();
    if (next === undefined) used--;
    else next(end());
  }

  /** Counts once, however often it is called. */
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

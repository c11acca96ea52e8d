// What is asked of the server until it comes: how long one waits, and when it is asked again.
const AGAIN_S = [1, 2, 4, 8, 16, 30]; // after the first failure, the second…
const LATE_MS = 1_000; // what is no longer asked is not left on the map for longer
const LEAST_MS = 100; // for an answer that is on its way
export const SLOW_MS = 4_000; // where nothing of another question is there meanwhile
export const LONGEST_MS = 60_000; // what takes longer will not come

/** When what failed is to be asked again, having failed so many times before. */
export function secondsAfter(times) {
  return AGAIN_S[Math.min(times, AGAIN_S.length - 1)];
}

/** How long an answer may still take, where what is drawn was last asked at a moment. */
export function patienceSince(moment) {
  return Math.max(LEAST_MS, moment + LATE_MS - Date.now());
}

/** The JSON at an address, once it `isRight`; `tell`: "late" after `patience` milliseconds, "failed", "" at the end. Null when `signal` ends it. */
export async function fetchedAtLast(address, { isRight, tell, patience = SLOW_MS, signal }) {
  for (let times = 0; ; times++) {
    const over = new AbortController(); // of this time
    const end = () => over.abort();
    signal?.addEventListener("abort", end, { signal: over.signal });
    const slow = setTimeout(() => tell("late"), patience);
    const longest = setTimeout(end, LONGEST_MS);
    try {
      const answer = await fetch(address, { signal: over.signal });
      const found = answer.ok ? await answer.json() : null;
      if (!isRight(found)) throw new TypeError(answer.statusText);
      if (signal?.aborted) return null;
      tell("");
      return found;
    } catch {
      if (signal?.aborted) return null;
      tell("failed");
    } finally {
      clearTimeout(slow);
      clearTimeout(longest);
      end();
    }
    const woken = new AbortController();
    await new Promise((resolve) => {
      const wait = setTimeout(resolve, 1000 * secondsAfter(times));
      window.addEventListener("online", resolve, { signal: woken.signal });
      signal?.addEventListener("abort", resolve, { signal: woken.signal });
      woken.signal.addEventListener("abort", () => clearTimeout(wait));
    });
    woken.abort();
    if (signal?.aborted) return null;
  }
}

/** Among how many claims an error probability is split. */
export interface DeltaSplit {
  /** Constraints that are certified beside each other; each gets an equal part (Bonferroni). */
  readonly constraints: number
  /** Number of the window, from 1, where a promise starts anew in each; `null` where it never does. */
  readonly window: number | null
}

/**
 * Error probability of one claim out of many that are to be wrong with probability at most delta in all:
 * delta / n for each of n constraints, of it 1/(k(k+1)) for window k; these sum to one over all windows.
 */
export function splitDelta(delta: number, { constraints, window }: DeltaSplit): number {
  const share = delta / constraints
  return window === null ? share : share / (window * (window + 1))
}

const DAY_MS = 86_400_000

/** Days since 1970-01-01 UTC. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS)
}

/** Dollars that audits may cost on one day (UTC). What it grants depends on what was spent, never on an answer. */
export interface DailyBudget {
  /** Whether one more audit fits, at what audits have cost so far. */
  affords(): boolean
  /** Sets the expected cost of one audit aside; to be given back to `settle`. */
  reserve(): number
  /** What an audit has cost instead of what was reserved for it; `null`: the stated cost. Returns the cost in USD. */
  settle(reservedUsd: number, costUsd: number | null): number
  /** Gives back what was set aside for an audit that was not made. */
  release(reservedUsd: number): void
  /** Of today, in USD. */
  readonly spentUsd: number
  /** Expected cost of one audit in USD: the mean so far, at least the stated one until an audit has been paid. */
  readonly expectedUsd: number
}

/** What is known when a budget begins. */
export interface DailyBudgetOptions {
  /** `null`: no limit. */
  readonly usdPerDay: number | null
  /** What one audit costs in the operator's words, in USD. */
  readonly statedUsd: number
  /** Spent today already. */
  readonly spentUsd: number
  /** Wall clock in milliseconds. */
  readonly now: () => number
}

/** Starts with what was spent today. */
export function createDailyBudget({ usdPerDay, statedUsd, spentUsd, now }: DailyBudgetOptions): DailyBudget {
  let day = dayOf(now())
  let spent = spentUsd
  let reserved = 0
  let audits = 0
  let total = 0
  const turnOver = (): void => {
    const today = dayOf(now())
    if (today === day) return
    day = today
    spent = 0
  }
  const expected = (): number => (audits === 0 ? statedUsd : total / audits)
  return {
    affords() {
      turnOver()
      // The tolerance keeps a budget of n audits from losing the n-th to rounding.
      return usdPerDay === null || spent + reserved + expected() <= usdPerDay * (1 + 1e-9)
    },
    reserve() {
      const usd = expected()
      reserved += usd
      return usd
    },
    settle(reservedUsd, costUsd) {
      turnOver()
      reserved = Math.max(0, reserved - reservedUsd)
      const usd = costUsd ?? statedUsd
      spent += usd
      audits++
      total += usd
      return usd
    },
    release(reservedUsd) {
      reserved = Math.max(0, reserved - reservedUsd)
    },
    get spentUsd() {
      turnOver()
      return spent
    },
    get expectedUsd() {
      return expected()
    },
  }
}

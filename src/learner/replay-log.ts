import type { Cursor, Decision, DecisionId } from '../routing/decision.ts'
import { createRandom } from '../routing/numeric/random.ts'
import type { PolicySnapshot } from '../routing/policy.ts'
import type { CommittedEvent, Store } from '../store/store.ts'
import { type CreatePolicy, type Fold, foldPolicy } from './fold.ts'

const pageSize = 500

/** Differences that are listed; the others are only counted. */
const listedMismatches = 20

/** A decision that came out otherwise than it was logged. */
export interface ReplayMismatch {
  readonly decision: DecisionId
  readonly cursor: Cursor
  /** The first field that differs, for example `estimates[1].score`. */
  readonly field: string
  readonly logged: unknown
  readonly replayed: unknown
}

/** What came of deciding everything again. */
export interface LogReplay {
  /** Decisions of the policy that were compared. */
  readonly decisions: number
  readonly mismatches: number
  /** The first twenty of them. */
  readonly listed: readonly ReplayMismatch[]
  /** The policy's state after the whole log. */
  readonly snapshot: PolicySnapshot
}

/** Whose decisions are replayed, and the policy as it was built when it served. */
export interface ReplayLogOptions {
  /** The name under which the decisions were logged. */
  readonly policy: string
  readonly createPolicy: CreatePolicy
}

/**
 * Decides every logged request of a policy again, at the state that it had learned when it served it, with randomness seeded
 * from the decision's id, and compares field by field: replay equals serving.
 * Throws a RangeError when the log was written by several processes at once, whose states cannot be passed in one sweep.
 */
export async function replayLog(
  store: Store,
  { policy: name, createPolicy }: ReplayLogOptions,
): Promise<LogReplay> {
  const policy = createPolicy(null)
  const fold = foldPolicy(name, policy, 0)
  const listed: ReplayMismatch[] = []
  let decisions = 0
  let mismatches = 0
  const compare = ({ cursor, event: { record } }: CommittedEvent): void => {
    const replayed = policy.decide(record.context, createRandom(record.id))
    const difference = findDifference(record.decision, replayed)
    decisions++
    if (difference === null) return
    mismatches++
    if (listed.length < listedMismatches) listed.push({ decision: record.id, cursor, ...difference })
  }
  // A decision was made before later events were learned that lie before it in the log: learning lags behind reading.
  let ahead: CommittedEvent[] = []
  for (let after = 0; ; ) {
    const page = await store.readEvents(after, pageSize)
    if (page.length === 0) break
    for (const committed of page) {
      after = committed.cursor
      if (committed.policy !== name) continue
      ahead.push(committed)
      if (committed.event.kind !== 'decision') continue
      ahead = foldUpTo(fold, ahead, committed.event.record.learnedUpTo)
      compare(committed)
    }
  }
  foldUpTo(fold, ahead, Number.POSITIVE_INFINITY)
  return { decisions, mismatches, listed, snapshot: policy.snapshot() }
}

/** Folds the events up to a cursor and returns the others. */
function foldUpTo(fold: Fold, events: CommittedEvent[], upTo: Cursor): CommittedEvent[] {
  if (upTo < fold.cursor) {
    throw new RangeError(
      `a decision was made at event ${upTo}, but the one before it at ${fold.cursor}; ` +
        'replay a log that one gateway wrote at a time',
    )
  }
  const later = events.findIndex(({ cursor }) => cursor > upTo)
  const due = later < 0 ? events : events.slice(0, later)
  // What a policy refused to learn when it served, it refuses now: the state is the same either way.
  for (const committed of due) fold.take(committed)
  return later < 0 ? [] : events.slice(later)
}

interface Difference {
  readonly field: string
  readonly logged: unknown
  readonly replayed: unknown
}

function findDifference(logged: Decision, replayed: Decision): Difference | null {
  return differ('', logged, replayed)
}

/** First difference of two values, bit for bit: -0 is not 0, NaN is NaN. */
function differ(field: string, logged: unknown, replayed: unknown): Difference | null {
  if (!isObject(logged) || !isObject(replayed)) {
    return Object.is(logged, replayed) ? null : { field, logged, replayed }
  }
  for (const key of new Set([...Object.keys(logged), ...Object.keys(replayed)])) {
    const name = /^\d+$/.test(key) ? `${field}[${key}]` : field === '' ? key : `${field}.${key}`
    const difference = differ(name, logged[key], replayed[key])
    if (difference !== null) return difference
  }
  return null
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

import type { PromptEncoder } from '../encoders/with-fallback.ts'
import type { Learner } from '../learner/learner.ts'
import type { Featurizer } from '../routing/features/features.ts'
import type { EventQueue } from '../store/event-queue.ts'
import type { Store } from '../store/store.ts'
import type { Audits } from './audits.ts'
import type { ClassFloors } from './class-floors.ts'
import type { ClassStatus } from './class-status.ts'
import type { ImplicitSignals } from './implicit-signals.ts'
import type { createSignalLog } from './note-signals.ts'
import type { Observer } from './observe.ts'
import type { RecentDecisions } from './recent-decisions.ts'
import type { RequestIds } from './request-ids.ts'
import type { Serving } from './serving.ts'
import type { Sessions } from './sessions.ts'

/** Everything that handlers need, built once by main.ts. */
export interface Gateway {
  /** The configuration in force; a handler reads it once, so that a reload never changes a request under way. */
  serving(): Serving
  readonly floors: ClassFloors
  /** The learner in force. */
  readonly learner: Pick<Learner, 'policy' | 'learnedUpTo' | 'slaReport' | 'labelReport' | 'state'>
  readonly queue: EventQueue
  readonly store: Store
  readonly ids: RequestIds
  readonly recent: RecentDecisions
  readonly sessions: Sessions
  readonly observer: Observer
  readonly status: ClassStatus
  readonly audits: Audits
  readonly signals: ImplicitSignals
  readonly logSignal: ReturnType<typeof createSignalLog>
  readonly featurizer: Featurizer
  /** `null` where none is configured: then no request waits for one. */
  readonly encoder: PromptEncoder | null
  /** Wall clock in milliseconds. */
  readonly now: () => number
  /** Takes one line of the log. */
  readonly log: (line: string) => void
}

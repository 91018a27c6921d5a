import type { EventQueue } from '../store/event-queue.ts'
import type { Store } from '../store/store.ts'

/** Silences of one look into the log. */
const batchSize = 256

/** How long the users of a class have for their feedback; `null`: for ever, so that silence is never concluded. */
export interface FeedbackWindow {
  readonly name: string
  readonly windowMs: number | null
}

/**
 * Logs silence for every decision whose feedback window has closed without a word, oldest first.
 * A look into the log and no timer per decision: so it finds as well what closed while the process was down.
 * Rejects when the store fails; what was not logged is found again by the next call.
 */
export async function closeFeedbackWindows(
  store: Store,
  queue: EventQueue,
  windows: readonly FeedbackWindow[],
  nowMs: number,
): Promise<void> {
  for (const { name, windowMs } of windows) {
    if (windowMs === null) continue
    for (;;) {
      const silent = await store.findUnanswered(name, nowMs - windowMs, batchSize)
      await Promise.all(
        silent.map(decision => queue.appendDurably({ kind: 'silence', atMs: nowMs, decision })),
      )
      if (silent.length < batchSize) break
    }
  }
}

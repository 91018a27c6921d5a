import { createRandom } from '../../routing/numeric/random.ts'
import { groupPrompts, splitByPrompt } from '../metrics/prompt-groups.ts'
import type { Trace } from '../trace.ts'
import { traceFingerprint } from './trace-fingerprint.ts'

/** Rows to train on and rows kept for a certificate; no prompt is on both sides. */
export interface CalibrationSplit {
  readonly training: ReadonlySet<number>
  /** One row of each prompt, ascending: rows of the same prompt would not be independent of each other. */
  readonly calibration: readonly number[]
  /** `traceFingerprint` of the calibration rows. */
  readonly fingerprint: string
}

/**
 * Keeps about `share` of the rows apart, by prompts as `normalisedPrompt` compares them: drawn by the seed, before anything is
 * trained and whatever the labels are.
 */
export function calibrationSplit(trace: Trace, share: number, seed: number): CalibrationSplit {
  const groups = groupPrompts(trace.rows.map(({ prompt }) => prompt))
  const { training, test } = splitByPrompt(groups, 1 - share, createRandom(`calibration/${seed}`))
  const seen = new Set<number>()
  const calibration = Array.from(test).filter(row => {
    const prompt = groups.promptOf[row] ?? -1
    if (seen.has(prompt)) return false
    seen.add(prompt)
    return true
  })
  const rows = calibration.flatMap(row => trace.rows[row] ?? [])
  return { training: new Set(training), calibration, fingerprint: traceFingerprint({ ...trace, rows }) }
}

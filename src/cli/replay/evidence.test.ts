import { expect, it } from 'vitest'
import type { WarmStart } from '../../lab/run-replay.ts'
import { tinyPrepared } from '../../lab/tiny-trace.fixture.ts'
import { evidenceOfJob } from './evidence.ts'
import type { ReplayJob } from './job.ts'

const prepared = tinyPrepared(Array.from({ length: 1000 }, () => ({ scores: [0, 1], costsUsd: [1, 2] })))

function evidence(warmStart: WarmStart, limit: number | null = null) {
  // Only the limit of a request counts here.
  const request = { limit } as ReplayJob['request']
  return evidenceOfJob({ request, prepared, models: {} as ReplayJob['models'], warmStart })
}

it('grades the rows that a replay starts from', () => {
  expect(evidence({ kind: 'none' })).toBeNull()
  expect(evidence({ kind: 'share', share: 0.3 })).toBe('full')
  expect(evidence({ kind: 'share', share: 0.299 })).toBe('tentative')
  expect(evidence({ kind: 'share', share: 0.3 }, 300)).toBe('means')
  expect(evidence({ kind: 'trace', prepared })).toBe('full')
})

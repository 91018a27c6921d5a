import { describe, expect, it } from 'vitest'
import { decisionId } from '../decision.ts'
import type { Features } from '../features/features.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { StartupLog } from './startup-log.ts'

const plain: Features = {
  encoder: 'hashed-ngrams@1',
  buckets: Uint16Array.of(3, 9000),
  counts: Uint16Array.of(2, 1),
  statistics: Float32Array.of(0.25, -1),
}

describe('StartupLog', () => {
  it('reads back what it wrote: requests with and without embeddings, labels, known and unknown costs', () => {
    const log = new StartupLog()
    const embedding = { encoder: 'embeddings:m@2', values: Float32Array.of(0.6, -0.8) }
    for (const [i, features] of [plain, { ...plain, embedding }].entries()) {
      const id = decisionId(`d${i}`)
      const models = Int32Array.of(0, 2)
      log.addRequest({ id, className: 'gold', features, promptTokens: 12, floor: 0.8, models })
    }
    log.labels.push({ request: 1, model: 2, value: 0.5, weight: 1 })
    log.labels.push({ request: 0, model: 0, value: -9, weight: 0.05 })
    const outcome = { promptTokens: null, latencyMs: null, firstTokenMs: null, error: null, shadow: false }
    log.outcomes.push({
      request: 0,
      model: 0,
      outcome: { ...outcome, costUsd: 0.01, completionTokens: null },
    })
    const writer = new ByteWriter()
    log.write(writer)
    const again = StartupLog.read(new ByteReader(writer.finish()))
    expect(again.requests).toStrictEqual(log.requests)
    expect(again.labels).toEqual(log.labels)
    expect(again.outcomes).toEqual(log.outcomes)
    expect(again.position(decisionId('d1'))).toBe(1)
    expect(again.position(decisionId('d2'))).toBe(-1)
  })
})

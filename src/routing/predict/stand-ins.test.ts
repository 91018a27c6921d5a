import { describe, expect, it } from 'vitest'
import { decisionId } from '../decision.ts'
import { pseudoLabel } from '../labels/one-sided.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { contextOf, small, zoo } from '../policies/small-zoo.fixture.ts'
import { Beliefs } from './beliefs.ts'
import { PromptReader } from './prompt-reader.ts'

const rate = 0.2

function freshBeliefs(): Beliefs {
  const beliefs = new Beliefs({ cold: 0.8, newcomer: 0.7 }, PromptReader.blank())
  beliefs.meet(zoo)
  return beliefs
}

function record(i: number) {
  const context = contextOf()
  const decision = {
    chosen: small,
    mode: 'exploit',
    shadows: [],
    prices: [],
    probabilities: Float64Array.of(1, 0, 0),
    estimates: [],
  } as const
  return { id: decisionId(String(i)), context, decision, learnedUpTo: i }
}

function predicted(beliefs: Beliefs): number {
  const out = { satisfaction: new Float64Array(3), costUsd: new Float64Array(3) }
  const { features, promptTokens } = contextOf()
  beliefs.predict(zoo, beliefs.view(features, promptTokens), 0, out)
  return out.satisfaction[0] ?? Number.NaN
}

describe('Beliefs, learning stand-ins', () => {
  it('finds the satisfaction behind complaints, and not where a wrong rate is assumed', () => {
    const learned = (assumed: number): number => {
      const beliefs = freshBeliefs()
      const random = createRandom('stand-ins')
      for (let i = 0; i < 6000; i++) {
        const complained = random.next() >= 0.6 && random.next() < rate
        const value = pseudoLabel(complained, assumed)
        beliefs.learnStandIn(record(i), small, { value, weight: 0.08 }, 0)
      }
      return predicted(beliefs)
    }
    expect(Math.abs(learned(rate) - 0.6)).toBeLessThan(0.04)
    // Silence read as content: 1 - .2 * .4 = .92.
    expect(learned(1)).toBeGreaterThan(0.88)
  })

  it('moves less by a stand-in of small weight, and counts labels only', () => {
    const [label, standIn] = [freshBeliefs(), freshBeliefs()]
    label.learnLabel(record(1), small, 0, 0)
    standIn.learnStandIn(record(1), small, { value: 0, weight: 0.1 }, 0)
    expect(predicted(label)).toBeLessThan(predicted(standIn))
    expect(predicted(standIn)).toBeLessThan(0.8)
    expect([label.labels, standIn.labels]).toEqual([1, 0])
  })

  it('keeps the weights of the start in its bytes', () => {
    const beliefs = freshBeliefs()
    beliefs.decided(record(1))
    beliefs.learnStandIn(record(1), small, { value: -4, weight: 0.1 }, 0)
    const bytes = (written: Beliefs): Uint8Array => {
      const writer = new ByteWriter()
      written.write(writer)
      return writer.finish()
    }
    const restored = Beliefs.read(new ByteReader(bytes(beliefs)), { cold: 0.8, newcomer: 0.7 })
    expect(bytes(restored)).toEqual(bytes(beliefs))
  })
})

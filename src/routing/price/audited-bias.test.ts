import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { AuditedBias } from './audited-bias.ts'

describe('AuditedBias', () => {
  it('extrapolates the mean excess, shrunk, to what was not audited', () => {
    const bias = new AuditedBias()
    expect(bias.hiddenDebt(1000)).toBe(0)
    for (let i = 0; i < 100; i++) bias.observe(0.2)
    // 20 of 100, shrunk by 300 more: .05 each of 900 others.
    expect(bias.hiddenDebt(1000)).toBeCloseTo(45, 9)
    expect(bias.hiddenDebt(100)).toBeCloseTo(0, 12)
  })

  it('errs less than the debt of the audited answers alone, and less than the unshrunk mean where audits are few', () => {
    // Biases as a few hundred training rows leave them: standard deviation .025. 60 of 1200 answers are audited.
    const errors = { shrunk: 0, none: 0, plain: 0 }
    for (let run = 0; run < 400; run++) {
      const random = createRandom(`run/${run}`)
      const excess = 0.025 * random.normal()
      const bias = new AuditedBias()
      let sum = 0
      for (let i = 0; i < 60; i++) {
        const label = random.next() < 0.8 - excess ? 1 : 0
        sum += 0.8 - label
        bias.observe(0.8 - label)
      }
      const truth = 1140 * excess
      errors.shrunk += (bias.hiddenDebt(1200) - truth) ** 2
      errors.plain += ((sum / 60) * 1140 - truth) ** 2
      errors.none += truth ** 2
    }
    expect(errors.shrunk).toBeLessThan(errors.none)
    expect(errors.shrunk).toBeLessThan(0.5 * errors.plain)
  })

  it('goes on from what it wrote', () => {
    const bias = new AuditedBias()
    bias.observe(0.5)
    bias.observe(-0.25)
    const writer = new ByteWriter()
    bias.write(writer)
    const again = AuditedBias.read(new ByteReader(writer.finish()))
    expect(again.hiddenDebt(77)).toBe(bias.hiddenDebt(77))
  })
})

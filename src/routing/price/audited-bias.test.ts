import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { AuditedBias } from './audited-bias.ts'

function biasAfter(decisions: number): AuditedBias {
  const bias = new AuditedBias()
  for (let i = 0; i < decisions; i++) bias.decided()
  return bias
}

describe('AuditedBias', () => {
  it('extrapolates the mean excess, shrunk, to what was not audited', () => {
    const bias = biasAfter(1000)
    expect(bias.hiddenDebt).toBe(0)
    for (let i = 0; i < 100; i++) bias.observe(0.2, true)
    // 20 of 100, shrunk by 300 more: .05 each of 900 others.
    expect(bias.hiddenDebt).toBeCloseTo(45, 9)
  })

  it('keeps what it knows of the bias when debts are forgiven', () => {
    const bias = biasAfter(500)
    for (let i = 0; i < 100; i++) bias.observe(0.2, true)
    bias.forgive()
    expect(bias.hiddenDebt).toBe(0)
    for (let i = 0; i < 40; i++) bias.decided()
    // An audit of a forgiven decision teaches the bias, and speaks for none of the forty.
    bias.observe(0.2, false)
    expect(bias.hiddenDebt).toBeCloseTo((101 * 0.2 * 40) / 401, 9)
  })

  it('aims a hundredth above the floor until audits have come, and remembers by how much', () => {
    const bias = biasAfter(300)
    expect(bias.caution).toBe(0.01)
    expect(bias.aimedAbove).toBeCloseTo(3, 9)
    for (let i = 0; i < 300; i++) bias.observe(0, true)
    expect(bias.caution).toBeCloseTo(0.005, 12)
    bias.forgive()
    expect(bias.aimedAbove).toBe(0)
  })

  it('errs less than the debt of the audited answers alone, and less than the unshrunk mean where audits are few', () => {
    // Biases as a few hundred training rows leave them: standard deviation .025. 60 of 1200 answers are audited.
    const errors = { shrunk: 0, none: 0, plain: 0 }
    for (let run = 0; run < 400; run++) {
      const random = createRandom(`run/${run}`)
      const excess = 0.025 * random.normal()
      const bias = biasAfter(1200)
      let sum = 0
      for (let i = 0; i < 60; i++) {
        const label = random.next() < 0.8 - excess ? 1 : 0
        sum += 0.8 - label
        bias.observe(0.8 - label, true)
      }
      const truth = 1140 * excess
      errors.shrunk += (bias.hiddenDebt - truth) ** 2
      errors.plain += ((sum / 60) * 1140 - truth) ** 2
      errors.none += truth ** 2
    }
    expect(errors.shrunk).toBeLessThan(errors.none)
    expect(errors.shrunk).toBeLessThan(0.5 * errors.plain)
  })

  it('goes on from what it wrote', () => {
    const bias = biasAfter(77)
    bias.observe(0.5, true)
    bias.observe(-0.25, true)
    const writer = new ByteWriter()
    bias.write(writer)
    const again = AuditedBias.read(new ByteReader(writer.finish()))
    expect(again.hiddenDebt).toBe(bias.hiddenDebt)
    expect(again.aimedAbove).toBe(bias.aimedAbove)
  })
})

import { describe, expect, it } from 'vitest'
import { impatience } from './patience.ts'

describe('impatience', () => {
  it('is one while a debt may be chance', () => {
    // One standard deviation of 600 labels of variance .15 is sqrt(90) = 9.49 requests.
    expect(impatience({ debt: 9.48, decisions: 600, chance: 1 })).toBe(1)
    expect(impatience({ debt: -50, decisions: 600, chance: 1 })).toBe(1)
    expect(impatience({ debt: 0, decisions: 0, chance: 1 })).toBe(1)
  })

  it('grows by e for every .002 of the decisions and 500 more', () => {
    // Beyond chance: 11.687 - 9.487 = 2.2 = .002 * (600 + 500).
    expect(impatience({ debt: Math.sqrt(90) + 2.2, decisions: 600, chance: 1 })).toBeCloseTo(Math.E, 9)
    expect(impatience({ debt: Math.sqrt(90) + 4.4, decisions: 600, chance: 1 })).toBeCloseTo(Math.E ** 2, 9)
  })

  it('takes the same debt more calmly the longer the stream, and never exceeds a thousand', () => {
    expect(impatience({ debt: 25, decisions: 2000, chance: 1 })).toBeLessThan(
      impatience({ debt: 25, decisions: 1000, chance: 1 }),
    )
    expect(impatience({ debt: 12, decisions: 600, chance: 2 })).toBe(1)
    expect(impatience({ debt: 400, decisions: 1000, chance: 1 })).toBe(1000)
  })
})

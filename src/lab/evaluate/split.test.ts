import { describe, expect, it } from 'vitest'
import { tinyTrace } from '../tiny-trace.fixture.ts'
import { randomSplits, traceSplit } from './split.ts'

const rowOf = (prompt: string) => ({ scores: [0, 1], costsUsd: [1, 2], prompt })

describe('randomSplits', () => {
  const prompts = Array.from({ length: 20 }, (_, i) => `Question ${i % 10}${i < 10 ? '' : '?'}`)
  const trace = tinyTrace(prompts.map(rowOf))

  it('keeps the rows of one normalised prompt on one side and uses every row once', () => {
    for (const { training, test } of randomSplits(trace, 0.7, [1, 2, 3])) {
      expect([training.length, test.length]).toEqual([14, 6])
      expect([...training, ...test].sort((a, b) => a - b)).toEqual([...prompts.keys()])
      const trained = new Set([...training].map(row => row % 10))
      expect([...test].some(row => trained.has(row % 10))).toBe(false)
    }
  })

  it('depends on the seed alone', () => {
    const [first, second] = randomSplits(trace, 0.5, [1, 2])
    expect(randomSplits(trace, 0.5, [2])[0]).toEqual(second)
    expect(first?.test).not.toEqual(second?.test)
  })

  it('refuses a split with an empty side', () => {
    const one = tinyTrace([rowOf('same'), rowOf('Same!')])
    expect(() => randomSplits(one, 0.9, [1])).toThrow("trace 'tiny': no test row is left")
  })
})

describe('traceSplit', () => {
  it('tests every row of the other trace and drops training rows with a tested prompt', () => {
    const training = tinyTrace([rowOf('a'), rowOf('B!'), rowOf('c')])
    const test = tinyTrace([rowOf('b'), rowOf('d')])
    const split = traceSplit(training, test)
    expect([...split.training]).toEqual([0, 2])
    expect([...split.test]).toEqual([0, 1])
  })

  it('refuses a training trace of nothing but tested prompts', () => {
    expect(() => traceSplit(tinyTrace([rowOf('a')]), tinyTrace([rowOf('A')]))).toThrow('no training row')
  })
})

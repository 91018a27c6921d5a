import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Bar, Outcome, Scenario } from '../bench/promises/cell.ts'
import { writeWorld } from '../bench/promises/development-worlds.ts'
import { runCells } from '../bench/promises/run-cells.ts'
import { countBars, scenarioTable } from '../bench/promises/table.ts'
import { prepareTrace } from '../src/lab/prepare-trace.ts'
import { readTrace } from '../src/lab/read-trace.ts'
import { createHashedFeaturizer } from '../src/routing/features/hashed-ngrams.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-promises-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bar = (measure: Bar['measure'], side: Bar['side'], must: number): Bar => ({
  measure,
  statistic: 'mean',
  side,
  must,
  aim: null,
})

const scenario: Scenario = {
  name: 'cold',
  title: 'Cold start',
  warm: 0,
  feedback: 'chosen',
  audit: 0,
  delay: 0,
  columns: [
    ['d', 'mean'],
    ['d', 'least'],
    ['ratio', 'mean'],
    ['said', 'mean'],
  ],
  cells: [{ set: 'world', floor: '0.8', bars: [bar('d', 'at least', -0.01), bar('said', 'at most', 900)] }],
}

function outcome(seed: number, figures: Outcome['figures']): Outcome {
  return { set: 'world', scenario: 'cold', policy: 'plimsoll', floor: '0.8', seed, figures, bins: [] }
}

describe('a table of promises', () => {
  it('counts a promise as kept by the mean and shows the worst run beside it', () => {
    const runs = [
      outcome(1, { d: -0.03, ratio: 0.8, said: 700 }),
      outcome(2, { d: 0.014, ratio: 1, said: 1000 }),
    ]
    expect(scenarioTable(scenario, runs)).toContain(
      '| world 0.8 | plimsoll | −0.008 | −0.030 | 0.90 | 850 | kept | – |',
    )
    expect(countBars([scenario], runs, 'must')).toEqual({ kept: 2, missed: 0 })
  })

  it('names what was missed, and takes a verdict that never came as missed', () => {
    const runs = [outcome(1, { d: -0.03, ratio: 0.8, said: 700 }), outcome(2, { d: 0, ratio: 1, said: null })]
    const table = scenarioTable(scenario, runs)
    expect(table).toContain('**missed**: d at least -0.01; **missed**: infeasible, said at at most 900')
    expect(countBars([scenario], runs, 'must')).toEqual({ kept: 0, missed: 2 })
  })
})

describe('plimsoll beside a model that costs thirty times the others', () => {
  const floor = '0.83'
  const world: Scenario = { ...scenario, cells: [{ set: 'synthetic-ruinous', floor, bars: [] }] }

  it('keeps the floor from a cold start without its bill being ruined', async () => {
    const trace = await readTrace(writeWorld('synthetic-ruinous', folder), { satisfiedAt: null })
    const prepared = prepareTrace(trace, createHashedFeaturizer())
    const outcomes: Outcome[] = []
    for (const seed of [1, 2, 3, 4]) {
      const job = { set: 'synthetic-ruinous', seed, policy: 'plimsoll', scenarios: [world] }
      runCells(job, prepared, each => outcomes.push(each))
    }
    const mean = (measure: 'd' | 'ratio'): number =>
      outcomes.reduce((sum, { figures }) => sum + (figures[measure] ?? Number.NaN), 0) / outcomes.length
    expect(mean('d')).toBeGreaterThan(-0.008)
    // Without a bound on what catching up may cost it is 3.2 over these orders and two more.
    expect(mean('ratio')).toBeLessThan(2)
  })
})

import { describe, expect, it } from 'vitest'
import { type Line, lineWidth, paintLine, span, spread, wantsColour } from './paint.ts'
import { type DemoView, layOutScreen } from './screen-layout.ts'
import type { ModelFigures, Standing } from './tally.ts'

const text = (line: Line): string => line.map(part => part.text).join('')
const model = (name: string, share: number): ModelFigures => ({
  model: name,
  share,
  satisfaction: 0.9,
  costUsd: 0.001,
})

const standing: Standing = {
  answered: 1500,
  failed: 0,
  told: 1500,
  satisfaction: 0.853,
  satisfactionRecent: 0.861,
  meanFloor: 0.85,
  costUsd: 0.0004,
  shadowCostUsd: 0,
  models: [model('a/small', 0.6), model('b/large', 0.4)],
  references: {
    bestFixed: { model: 'b/large', index: 1, satisfaction: 0.95, costUsd: 0.005 },
    cheapestFeasible: { model: 'b/large', index: 1, satisfaction: 0.95, costUsd: 0.005 },
    mixtureAtFloorUsd: 0.0008,
    mixtureAtAchievedUsd: 0.0008,
  },
  history: Array.from({ length: 1400 }, (_, i) => ({ answered: i + 100, satisfaction: 0.86, floor: 0.85 })),
}

const view: DemoView = {
  policy: 'plimsoll',
  world: 'synthetic',
  seed: 1,
  feedback: 'chosen',
  total: 3000,
  elapsedMs: 15_000,
  perSecond: 100,
  floor: 0.85,
  standing,
  promise: {
    state: 'undecided',
    lower: 0.82,
    upper: 0.88,
    delta: 0.05,
    labels: 1500,
    priceUsd: 0.002,
    reachable: null,
  },
  notice: null,
  keys: true,
  adminUrl: 'http://127.0.0.1:4001',
}

const screen = (changes: Partial<DemoView> = {}, size = { columns: 80, rows: 24 }): readonly string[] =>
  layOutScreen({ ...view, ...changes }, size).map(text)

describe('screen layout', () => {
  it.each([
    [80, 24],
    [120, 40],
    [60, 15],
    [200, 60],
    [20, 5],
  ])('fills %d x %d exactly', (columns, rows) => {
    const lines = layOutScreen(view, { columns, rows })
    expect(lines).toHaveLength(rows)
    expect(new Set(lines.map(lineWidth))).toEqual(new Set([columns]))
  })

  it('shows on 80 x 24 everything that a viewer must see', () => {
    const shown = screen().join('\n')
    for (const needed of [
      '1,500 of 3,000 requests',
      '100/s',
      'SATISFACTION  0.853  ▲ 0.003 above the floor',
      'last 200 0.861',
      'floor 0.850 ⊖',
      'mixture as good     $0.800',
      '50% below the mixture',
      'price of quality  $0.00200',
      'small               60%',
      'large               40%',
      'PROMISE  not yet decided  true mean within [0.820, 0.880] at 90%, 1,500 labels',
      '+ / –  floor   q  end',
      'admin API 127.0.0.1:4001',
    ]) {
      expect(shown).toContain(needed)
    }
  })

  it('never calls a promise kept while it is undecided', () => {
    expect(screen().join('\n')).not.toMatch(/proven|guarantee|kept/i)
    const proven = screen({ promise: { ...promiseOf(), state: 'compliant' } }).join('\n')
    expect(proven).toContain('proven kept')
    const reach = screen({ promise: { ...promiseOf(), state: 'infeasible', reachable: 0.8 } }).join('\n')
    expect(reach).toContain('out of reach  the best reachable is about 0.800')
  })

  it('says below which floor the mean lies when the floor was changed on the way', () => {
    const shown = screen({ floor: 0.9, standing: { ...standing, meanFloor: 0.87 } }).join('\n')
    expect(shown).toContain('▼ 0.017 below 0.870')
    expect(shown).toContain('floor 0.900 ⊖')
  })

  it('stands before the first answer and without any reference', () => {
    const nothing: Standing = {
      ...standing,
      answered: 0,
      satisfaction: null,
      satisfactionRecent: null,
      meanFloor: null,
      costUsd: null,
      shadowCostUsd: null,
      references: null,
      history: [],
      models: standing.models.map(figures => ({ ...figures, share: 0, satisfaction: null, costUsd: null })),
    }
    const shown = screen({ standing: nothing, promise: null }).join('\n')
    expect(shown).toContain('SATISFACTION  –')
    expect(shown).toContain('waiting for the first label')
    expect(shown).not.toContain('NaN')
  })

  it('lists the most used of many models and sums up the others', () => {
    const models = Array.from({ length: 11 }, (_, i) => model(`p/model-${i}`, (i + 1) / 66))
    const shown = screen({ standing: { ...standing, models } }).join('\n')
    expect(shown).toContain('model-10')
    // The five smallest: (1 + 2 + 3 + 4 + 5) / 66.
    expect(shown).toContain('5 others            23%')
    expect(screen({ standing: { ...standing, models } }, { columns: 80, rows: 40 }).join('\n')).not.toContain(
      'others',
    )
  })

  it('puts a notice where the address was, and offers no keys where none are heard', () => {
    const shown = screen({ notice: 'floor 0.850 → 0.860', keys: false }).at(-1) ?? ''
    expect(shown).toContain('floor 0.850 → 0.860')
    expect(shown).not.toContain('end')
  })
})

function promiseOf(): NonNullable<DemoView['promise']> {
  if (view.promise === null) throw new Error('the view has a promise')
  return view.promise
}

describe('paint', () => {
  it('uses colours only where they are wanted', () => {
    const line = [span('deep', 'good'), span('x')]
    expect(paintLine(line, true)).toContain('38;5;')
    expect(paintLine(line, false)).toBe('deepx')
    expect(wantsColour({ NO_COLOR: '1' })).toBe(false)
    expect(wantsColour({ TERM: 'dumb' })).toBe(false)
    expect(wantsColour({ NO_COLOR: '', TERM: 'xterm' })).toBe(true)
  })

  it('lets the right part win where a line is too narrow', () => {
    expect(text(spread([span('abcdef')], [span('XY')], 5))).toBe('abcXY')
    expect(text(spread([span('ab')], [span('XY')], 6))).toBe('ab  XY')
  })
})

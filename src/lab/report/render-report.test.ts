import { describe, expect, it } from 'vitest'
import { createRandom } from '../../routing/numeric/random.ts'
import { planEvaluation } from '../evaluate/evaluation-plan.ts'
import { evaluate } from '../evaluate.ts'
import { tinyPrepared } from '../tiny-trace.fixture.ts'
import { floorAxes, floorChart } from './floor-chart.ts'
import { renderReport } from './render-report.ts'
import { reportFigures } from './report-figures.ts'

const random = createRandom('report')
const prepared = tinyPrepared(
  Array.from({ length: 80 }, (_, i) => ({
    scores: [random.next() < 0.4 ? 1 : 0, random.next() < 0.8 ? 1 : 0],
    costsUsd: [1e-5 * (1 + random.next()), 1e-3 * (1 + random.next())],
    prompt: `zebra ${i}`,
    hidden: { task: i % 2 === 0 ? 'even <b>' : 'odd', answers: ['giraffe', 'giraffe'] },
  })),
)
const evaluation = evaluate(
  planEvaluation({
    prepared,
    policies: ['static-mixture', 'random', 'fixed:m1', 'oracle'],
    floors: { kind: 'auto' },
    rows: { kind: 'random', trainingShare: 0.5, seeds: [1, 2] },
  }),
)
const figures = reportFigures(evaluation)
const command = "plimsoll evaluate --trace 'a b.jsonl' --policies static-mixture,random"
const page = renderReport(figures, command)
const sectionOf = (id: string): string => page.split(`<section id="${id}">`)[1]?.split('</section>')[0] ?? ''

describe('renderReport', () => {
  it('is one file that asks for nothing from elsewhere', () => {
    expect(page).toMatch(/^<!doctype html>/)
    expect(page).not.toMatch(/https?:|<link|@import|url\(|src=|fetch\(/)
    expect(page).toContain('name="viewport"')
    expect(page).toContain('prefers-color-scheme: dark')
  })

  it('closes every element that it opens', () => {
    const open: string[] = []
    for (const [, closing, name = '', rest = ''] of page.matchAll(/<(\/?)([a-z]\w*)([^>]*)>/gi)) {
      if (['meta', 'br'].includes(name) || rest.endsWith('/')) continue
      if (closing === '') open.push(name)
      else expect(open.pop()).toBe(name)
    }
    expect(open).toEqual([])
  })

  it('says how much the number of training rows is worth, at the top where it is too little', () => {
    // 40 of 80 rows.
    expect(page.split('<section')[0]).toContain('promise no floor')
    expect(sectionOf('method')).toContain('40 training rows: promise no floor')
    const enough = renderReport({ ...figures, trainingRows: 300 }, command)
    expect(enough.split('<section')[0]).not.toContain('promise')
    expect(enough).toContain('300 training rows: enough to promise a floor')
  })

  it('draws no mark outside the axes, however far above its floors a policy stays', () => {
    const [first] = figures.policies
    if (first === undefined) throw new Error('there are policies')
    const most = Math.max(...first.points.map(({ floor }) => floor))
    const above = first.points.map(point => ({
      ...point,
      satisfaction: most,
      lower: most - 0.01,
      upper: most,
    }))
    const chart = floorChart({ ...first, points: above }, 0, floorAxes([{ ...first, points: above }]))
    const places = [...chart.matchAll(/cx="([-\d.]+)"/g)].map(([, place]) => Number(place))
    expect(places).toHaveLength(11)
    expect(Math.min(...places)).toBeGreaterThanOrEqual(30)
    expect(Math.max(...places)).toBeLessThanOrEqual(202)
  })

  it('has no number that is none', () => {
    expect(page).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('draws every policy at every floor, in the wide picture and the narrow one', () => {
    const frontiers = sectionOf('frontiers')
    expect(frontiers.match(/data-policy="0"/g)).toHaveLength(2)
    expect(frontiers.match(/<title>static-mixture at floor /g)).toHaveLength(22)
    expect(frontiers).toContain('best static mixture')
    expect(frontiers).toContain('clairvoyant')
    expect(frontiers).toContain('<title>m1: ')
    expect(frontiers).toContain('<title>oracle: ')
    expect(frontiers).toMatch(/class="predictor c0" d="M[\d.]+ [\d.]+L/)
    expect(sectionOf('floors').match(/<title>asked /g)).toHaveLength(3 * 11)
  })

  it('marks the floors that were met', () => {
    const points = figures.policies.flatMap(policy => policy.points)
    const met = points.filter(point => point.satisfaction >= point.floor).length
    const marks = sectionOf('floors').match(/class="met"/g)?.length ?? 0
    // Marks outside the frame are cut, so there may be fewer.
    expect(marks).toBeGreaterThan(0)
    expect(marks).toBeLessThanOrEqual(met)
  })

  it('has the metrics with the best of a column marked, the oracle among the references', () => {
    const metrics = sectionOf('metrics')
    expect(metrics).toContain('class="best"')
    expect(metrics).toMatch(/<tr class="reference"><th scope="row">oracle</)
    expect(figures.policies.map(policy => policy.name)).toEqual(['static-mixture', 'random', 'fixed:m1'])
    const saved = evaluation.policies['fixed:m1']?.billSavedVsBestFixed?.mean ?? 0
    expect(metrics).toContain((saved * 100).toFixed(1).replace('-', '\u2212'))
  })

  it('has calibration curves of the policies that predict alone', () => {
    expect(sectionOf('calibration').match(/<figcaption>/g)).toHaveLength(1)
    expect(sectionOf('calibration')).toContain('<figcaption>static-mixture')
  })

  it('compares with the first policy, floor by floor and by task', () => {
    expect(sectionOf('differences')).toContain('points over the mixture')
    expect(sectionOf('per-floor').match(/<details/g)).toHaveLength(3)
    expect(sectionOf('models')).toContain('even &lt;b&gt;')
    expect(sectionOf('traffic').match(/class="traffic-row"/g)).toHaveLength(11)
  })

  it('says how to make it again', () => {
    expect(sectionOf('method')).toContain("--trace 'a b.jsonl'")
  })

  it('holds no prompt and no answer', () => {
    expect(page).not.toMatch(/zebra|giraffe/)
  })

  it('bears one policy without predictions, one model and a single floor', () => {
    const single = tinyPrepared(
      Array.from({ length: 10 }, (_, i) => ({ scores: [i % 2], costsUsd: [0], prompt: `okapi ${i}` })),
    )
    const one = evaluate(
      planEvaluation({
        prepared: single,
        policies: ['random'],
        floors: { kind: 'auto' },
        rows: { kind: 'random', trainingShare: 0.5, seeds: [1] },
      }),
    )
    const small = renderReport(reportFigures(one), 'x')
    expect(small).not.toMatch(/NaN|undefined|Infinity/)
    expect(small).not.toContain('<section id="differences">')
  })
})

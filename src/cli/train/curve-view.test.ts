import { expect, it } from 'vitest'
import { curveChart, curveCsv, progressLine } from './curve-view.ts'

const curve = {
  columns: ['lambda', 'loss'],
  points: [
    { step: 10, values: [1, 0.5] },
    { step: 20, values: [2, 0.25] },
    { step: 30, values: [8, null] },
  ],
}

it('draws a column on a line, from its least to its most', () => {
  expect(curveChart(curve)).toBe(
    ['lambda     1.000  ▁▂█     8.000', 'loss       0.500  █▁      0.250', ''].join('\n'),
  )
})

it('says where a training stands by the latest values', () => {
  expect(progressLine('training p, 3 s', { done: 30, steps: 40, curve })).toBe(
    'training p, 3 s, step 30 of 40, lambda 8.000',
  )
})

it('writes values as they are, and nothing where there is none', () => {
  expect(curveCsv(curve)).toBe('step,lambda,loss\n10,1,0.5\n20,2,0.25\n30,8,\n')
})

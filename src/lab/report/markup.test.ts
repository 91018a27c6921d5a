import { expect, it } from 'vitest'
import { decimal, escaped, percent, perThousand, shortName, signed } from './markup.ts'

it('leaves nothing that HTML would read', () => {
  expect(escaped('<a href="x">&')).toBe('&lt;a href=&quot;x&quot;&gt;&amp;')
})

it('writes numbers with a real minus sign and no sign on a zero', () => {
  expect([decimal(-1.25, 1), decimal(-0.01, 1), percent(0.1234), percent(-0.5, 0)]).toEqual([
    '\u22121.3',
    '0.0',
    '12.3%',
    '\u221250%',
  ])
  expect([signed(0.2, 1), signed(-0.2, 1), signed(0.001, 1)]).toEqual(['+0.2', '\u22120.2', '0.0'])
})

it('writes costs to three digits', () => {
  expect([0.000029, 0.005, 0.1234, 0, 2.4e-9].map(perThousand)).toEqual([
    '$0.0290',
    '$5.00',
    '$123',
    '$0',
    '$0.000002',
  ])
})

it('shortens the names of models', () => {
  expect([shortName('mistralai/Mixtral-8x7B'), shortName('gpt-4')]).toEqual(['Mixtral-8x7B', 'gpt-4'])
})

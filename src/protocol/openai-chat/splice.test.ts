import { expect, test } from 'vitest'
import { createRandom, type Random } from '../../routing/numeric/random.ts'
import { splice, topLevelString, topLevelValues } from './splice.ts'

const values = (text: string, key: string): readonly string[] => {
  const body = Buffer.from(text)
  return topLevelValues(body, key).map(({ start, end }) => body.toString('utf8', start, end))
}

test('finds every top-level value of a key, and none below', () => {
  expect(values('{"a":1,"b":{"a":2},"c":[{"a":3}],"a":"x,}\\""}', 'a')).toEqual(['1', '"x,}\\""'])
  expect(values('{"\\u0061":{"x":[1,{}]} , "b":null}', 'a')).toEqual(['{"x":[1,{}]}'])
  expect(values(' { "b" : "\\"a\\":1" } ', 'a')).toEqual([])
  expect(values('{"a":true}', 'a')).toEqual(['true'])
  expect(values('{}', 'a')).toEqual([])
})

const words = ['model', '"model"', 'x', 'mo\\del', 'é🧀', '{"model":"y"}', '']

function randomValue(random: Random, depth: number): unknown {
  const kind = random.integer(depth > 2 ? 4 : 6)
  if (kind === 0) return random.integer(1000) / 8 - 20
  if (kind === 1) return [true, false, null][random.integer(3)]
  if (kind < 4) return words[random.integer(words.length)]
  const entries = Array.from({ length: random.integer(4) }, () => randomValue(random, depth + 1))
  if (kind === 4) return entries
  return Object.fromEntries(entries.map((entry, i) => [words[i] ?? 'z', entry]))
}

test('splicing the model changes that value alone, whatever stands around it', () => {
  const random = createRandom('splice')
  for (let i = 0; i < 2000; i++) {
    const before = Object.fromEntries(
      Array.from({ length: random.integer(3) }, (_, j) => [`k${j}`, randomValue(random, 0)]),
    )
    const after = Object.fromEntries(
      Array.from({ length: random.integer(3) }, (_, j) => [`m${j}`, randomValue(random, 0)]),
    )
    const document = { ...before, model: words[random.integer(words.length)], ...after }
    const body = Buffer.from(JSON.stringify(document, null, random.integer(3)))
    const spans = topLevelString(body, 'model')
    expect(spans).toHaveLength(1)
    const spliced = splice(
      body,
      spans.map(span => ({ ...span, bytes: Buffer.from('"new"') })),
    )
    expect(JSON.parse(spliced.toString())).toEqual({ ...document, model: 'new' })
    const [span] = spans
    expect(spliced.length).toBe(body.length + 5 - ((span?.end ?? 0) - (span?.start ?? 0)))
  }
})

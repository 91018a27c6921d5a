import { describe, expect, it } from 'vitest'
import { createJsonSplitter, type JsonPart } from './json-members.ts'

function split(text: string, size: number): readonly JsonPart[] {
  const splitter = createJsonSplitter('records')
  const bytes = new TextEncoder().encode(text)
  const parts: JsonPart[] = []
  for (let at = 0; at < bytes.length; at += size) parts.push(...splitter.push(bytes.subarray(at, at + size)))
  splitter.end()
  return parts
}

const value = {
  performance: 0.5,
  name: 'a "b", [c] {d}',
  extra: { list: [1, [2, { x: ']' }]], records: [9] },
  empty: [],
  records: [{ index: 1, text: 'é, ]} \\" \\' }, { index: 2, raw: { a: [1, 2] } }, 3, 'four, "4"', [5]],
  after: null,
}

describe('createJsonSplitter', () => {
  it('gives members and items wherever the bytes are cut', () => {
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
      for (const size of [1, 2, 3, 7, text.length * 2]) {
        const parts = split(text, size)
        const { records, ...members } = value
        const items = parts.filter(part => part.kind === 'item')
        expect(items.map(item => item.value)).toEqual(records)
        expect(items.map(item => item.number)).toEqual([1, 2, 3, 4, 5])
        const named = parts.filter(part => part.kind === 'member')
        expect(Object.fromEntries(named.map(({ name, value }) => [name, value]))).toEqual(members)
      }
    }
  })

  it('gives no item for an empty array, nor anything for an empty object', () => {
    expect(split('{"records": [ ], "a": 1}', 4)).toEqual([{ kind: 'member', name: 'a', value: 1 }])
    expect(split(' {} ', 1)).toEqual([])
  })

  it('refuses what is cut off, an array and what does not parse', () => {
    expect(() => split('{"records": [{"index": 1}, {"ind', 5)).toThrow('is it a whole download?')
    expect(() => split('[1, 2]', 5)).toThrow('expected a JSON object')
    expect(() => split('{"records": [{"index": nope}]}', 5)).toThrow('does not parse as JSON')
  })
})

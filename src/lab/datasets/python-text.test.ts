import { describe, expect, it } from 'vitest'
import { parsePythonJson, pythonListText } from './python-text.ts'

describe('pythonListText', () => {
  it.each([
    [`['What is 1+1?']`, 'What is 1+1?'],
    [`["it's", 'say "x"']`, `it's\nsay "x"`],
    [`['a\\nb\\t\\'c\\' \\\\ d']`, "a\nb\t'c' \\ d"],
    [`['\\xe9\\u20ac\\U0001f600']`, 'é€😀'],
    ['[]', ''],
  ])('reads %s', (cell, text) => {
    expect(pythonListText(cell)).toBe(text)
  })

  it.each([['a plain prompt'], ['[1, 2, 3]'], [`['open]`], [`['a' 'b']`], ['[citation needed] he said']])(
    'leaves %s alone',
    cell => {
      expect(pythonListText(cell)).toBeNull()
    },
  )
})

describe('parsePythonJson', () => {
  it('reads numbers that JSON does not have as absent, outside strings alone', () => {
    const text = String.raw`{"a": NaN, "b": [-Infinity, Infinity, 1], "c": "NaN \" Infinity", "NaN": "\\"}`
    expect(parsePythonJson(text)).toEqual({ a: null, b: [null, null, 1], c: 'NaN " Infinity', NaN: '\\' })
  })

  it('refuses what is not JSON otherwise', () => {
    expect(() => parsePythonJson('{"a": nan}')).toThrow(SyntaxError)
    expect(() => parsePythonJson('{"a": NaN,}')).toThrow(SyntaxError)
  })
})

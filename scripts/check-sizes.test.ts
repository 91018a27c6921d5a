import { expect, test } from 'vitest'
import { findSizeFaults, medianLines } from './check-sizes.ts'
import { parseSourceFile } from './source-file.ts'
import { writeTree } from './temporary-tree.ts'

const statements = (count: number) => Array.from({ length: count }, (_, i) => `  use(${i})`).join('\n')
const functionOf = (name: string, lines: number) => `function ${name}() {\n${statements(lines - 2)}\n}\n`

test('files and functions at the limit pass', () => {
  const root = writeTree({
    'src/lab/long.ts': 'export {}\n'.repeat(400),
    'src/lab/function.ts': functionOf('atLimit', 60),
    'src/gateway/handle-inference.ts': 'export {}\n'.repeat(80),
  })
  expect(findSizeFaults(root)).toEqual([])
})

test('one line more fails', () => {
  const root = writeTree({
    'src/lab/long.ts': 'export {}\n'.repeat(401),
    'src/lab/function.ts': `\n${functionOf('overLimit', 61)}`,
    'src/lab/method.ts': `export class Walker {\n  walk() {\n${statements(59)}\n  }\n}\n`,
    'src/lab/arrow.ts': `export const climb = () => {\n${statements(59)}\n}\n`,
    'src/gateway/handle-inference.ts': 'export {}\n'.repeat(81),
  })
  expect(findSizeFaults(root)).toEqual([
    expect.stringMatching(/^src\/gateway\/handle-inference\.ts: 81 lines, at most 80/),
    expect.stringMatching(/^src\/lab\/arrow\.ts:1: climb has 61 lines/),
    expect.stringMatching(/^src\/lab\/function\.ts:2: overLimit has 61 lines/),
    expect.stringMatching(/^src\/lab\/long\.ts: 401 lines, at most 400/),
    expect.stringMatching(/^src\/lab\/method\.ts:2: walk has 61 lines/),
  ])
})

test('a factory answers for its own lines, and for all of them only at the outside', () => {
  const method = (name: string) => `  const ${name} = () => {\n${statements(38)}\n  }\n`
  const factory = (names: readonly string[]) => `function create() {\n${names.map(method).join('')}}\n`
  expect(findSizeFaults(writeTree({ 'src/lab/factory.ts': factory(['a', 'b', 'c']) }))).toEqual([])
  expect(findSizeFaults(writeTree({ 'src/lab/factory.ts': factory(['a', 'b', 'c', 'd']) }))).toEqual([
    'src/lab/factory.ts:1: create has 162 lines, 6 of its own; at most 150 and 60; give its steps names',
  ])
})

test('the functions of a test file may be long, the file may not', () => {
  const root = writeTree({
    'src/lab/a.test.ts': `describe('a', ${functionOf('suite', 90).trim()})\n`,
    'src/lab/b.test.ts': 'export {}\n'.repeat(401),
  })
  expect(findSizeFaults(root)).toEqual([expect.stringMatching(/^src\/lab\/b\.test\.ts: 401 lines/)])
})

test('the median is the middle length', () => {
  const lengths = [5, 1, 9].map(count => parseSourceFile('a.ts', 'export {}\n'.repeat(count)))
  expect(medianLines(lengths)).toBe(5)
})

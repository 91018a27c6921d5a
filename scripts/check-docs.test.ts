import { expect, test } from 'vitest'
import { findDocFaults } from './check-docs.ts'
import { writeTree } from './temporary-tree.ts'

const faultsOf = (files: Readonly<Record<string, string>>) => findDocFaults(writeTree(files))

test('documented code and resolving links pass', () => {
  const faults = faultsOf({
    'src/routing/a.ts':
      '/** Chooses. */\nexport function choose(): void {}\n/** A cost. */\nexport type Cost = number\n',
    'src/gateway/b.ts': '/** Speaks. */\nexport interface Speaker {}\nexport const plain = 1\n',
    'README.md':
      '# Plan\n\n[below](#the-end) [page](docs/page.md#one-two-three) [web](https://example.com)\n\n## The end\n',
    'docs/page.md':
      '# One, two: `three`\n\n`[code](nowhere.md)`\n\n```\n[code](nowhere.md)\n```\n[up](../README.md)\n',
  })
  expect(faults).toEqual([])
})

const broken: readonly (readonly [string, string, string, RegExp])[] = [
  [
    'an export of routing without a docstring',
    'src/routing/a.ts',
    'export const a = 1',
    /a\.ts:1: const a has no docstring/,
  ],
  [
    'a docstring that belongs to something else',
    'src/routing/a.ts',
    '/** A. */\ntype B = 1\nexport type A = B',
    /type A has no docstring/,
  ],
  [
    'a comment that is no docstring',
    'src/routing/a.ts',
    '// A.\nexport type A = 1',
    /type A has no docstring/,
  ],
  [
    'an interface without a docstring',
    'src/gateway/a.ts',
    'export interface A {}',
    /interface A has no docstring/,
  ],
  [
    'a page that is not there',
    'src/gateway/a.ts',
    '// See NOWHERE.md.\nexport {}',
    /there is no NOWHERE\.md/,
  ],
  ['unfinished code', 'src/gateway/a.ts', '// TODO later\nexport {}', /a\.ts:1: "TODO"/],
  [
    'a promise in a message',
    'src/gateway/a.ts',
    "export const text = 'Not implemented'",
    /"Not implemented"/,
  ],
  [
    'a link to no file',
    'README.md',
    'See\n[it](docs/nowhere.md).',
    /README\.md:2: the link docs\/nowhere\.md leads to no file/,
  ],
  ['a link to no heading', 'README.md', '# Here\n[it](#there)', /no heading #there/],
  [
    'a path of one machine',
    'README.md',
    'Run /home/somebody/plimsoll/run.sh',
    /"\/home\/somebody\/" belongs to one machine/,
  ],
  [
    'a path in a home of root',
    'src/gateway/a.ts',
    `export const path = '${'/ro'}ot/data'`,
    /belongs to one machine/,
  ],
  [
    'a registry',
    'package-lock.json',
    '{ "resolved": "https://example.com/a.tgz" }',
    /belongs to one machine/,
  ],
  [
    'a synonym in prose',
    'README.md',
    'Every service tier has a floor.',
    /"service tier": the word is SLA class/,
  ],
  [
    'a synonym in code',
    'src/gateway/a.ts',
    'export const qualityPredictor = 1',
    /the word is satisfaction predictor/,
  ],
]

test.each(broken)('refuses %s', (_, path, text, message) => {
  expect(faultsOf({ [path]: `${text}\n` })).toEqual([expect.stringMatching(message)])
})

test('the glossary may name the words that it replaces', () => {
  expect(faultsOf({ 'docs/glossary.md': 'SLA class: elsewhere a service tier.\n' })).toEqual([])
})

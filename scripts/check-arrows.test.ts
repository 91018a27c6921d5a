import { expect, test } from 'vitest'
import { findArrowFaults } from './check-arrows.ts'
import { writeTree } from './temporary-tree.ts'

const manifest = { 'package.json': JSON.stringify({ dependencies: { undici: '8', zod: '4' } }) }

function faultsOf(files: Readonly<Record<string, string>>): readonly string[] {
  return findArrowFaults(writeTree({ ...manifest, ...files }))
}

test('a tree that follows the table has no faults', () => {
  const faults = faultsOf({
    'src/routing/numeric/random.ts': 'export const half = 0.5\n',
    'src/routing/model.ts':
      "import { half } from './numeric/random.ts'\nexport function modelId() { return half }\n",
    'src/routing/choose.ts': "import type { Index } from './index.ts'\nexport type Choice = Index\n",
    'src/routing/index.ts': "export { type Choice } from './choose.ts'\nexport type Index = 1\n",
    'src/store/store.ts': "import type { Index } from '../routing/index.ts'\nexport type Stored = Index\n",
    'src/store/sqlite.ts':
      "import { DatabaseSync } from 'node:sqlite'\nimport { modelId } from '../routing/model.ts'\n",
    'src/gateway/main.ts': "import { z } from 'zod'\nimport '../store/sqlite.ts'\n",
    'src/cli/main.ts': "await import('../gateway/main.ts')\n",
    'src/store/sqlite.test.ts': "import { test } from 'vitest'\nimport '../gateway/main.ts'\n",
  })
  expect(faults).toEqual([])
})

const forbidden: readonly (readonly [string, string, string, RegExp])[] = [
  [
    'a value across a forbidden arrow',
    'src/upstream/a.ts',
    "import { b } from '../gateway/b.ts'",
    /upstream must not import gateway/,
  ],
  [
    'a type across a forbidden arrow',
    'src/upstream/a.ts',
    "import type { B } from '../gateway/b.ts'",
    /upstream must not import gateway/,
  ],
  [
    'an inline import type',
    'src/upstream/a.ts',
    "export type A = import('../gateway/b.ts').B",
    /upstream must not import gateway/,
  ],
  ['a re-export', 'src/lab/a.ts', "export * from '../gateway/b.ts'", /lab must not import gateway/],
  ['a dynamic import', 'src/lab/a.ts', "await import('../gateway/b.ts')", /lab must not import gateway/],
  [
    'a value where only types are allowed',
    'src/store/a.ts',
    "import { choose } from '../routing/b.ts'",
    /only types from routing, not the value choose/,
  ],
  ['a built-in module in routing', 'src/routing/a.ts', "import { join } from 'node:path'", /routing is pure/],
  ['a package in routing', 'src/routing/a.ts', "import { z } from 'zod'", /routing is pure/],
  [
    'HTTP in the learner',
    'src/learner/a.ts',
    "import { createServer } from 'node:http'",
    /learner must not know node:http/,
  ],
  [
    'SQL in the gateway',
    'src/gateway/a.ts',
    "import { DatabaseSync } from 'node:sqlite'",
    /gateway must not know node:sqlite/,
  ],
  [
    'a package that is not declared',
    'src/gateway/a.ts',
    "import leftPad from 'left-pad'",
    /left-pad is no dependency/,
  ],
  [
    'one vendor knowing another',
    'src/upstream/openai/a.ts',
    "import '../fake/b.ts'",
    /upstream\/openai must not know upstream\/fake/,
  ],
  ['a test imported by code', 'src/gateway/a.ts', "import './b.test.ts'", /must not import a test/],
  ['a missing extension', 'src/gateway/a.ts', "import './b'", /must end in \.ts/],
  ['a file that is not there', 'src/gateway/a.ts', "import './nowhere.ts'", /leads to no file/],
  ['a folder without a row', 'src/plugins/a.ts', "import './b.ts'", /no row in the table/],
  ['a clock in routing', 'src/routing/a.ts', 'export const now = () => Date.now()', /must not use Date/],
  [
    'global randomness in routing',
    'src/routing/a.ts',
    'export const draw = () => Math.random()',
    /must not use Math\.random/,
  ],
  ['module-level state', 'src/gateway/a.ts', 'export let count = 0', /"count" is a mutable variable/],
  ['a name without meaning', 'src/gateway/utils.ts', 'export {}', /"utils" names no concept/],
  ['a folder without meaning', 'src/gateway/helpers/a.ts', 'export {}', /"helpers" names no concept/],
  ['a name that is not kebab-case', 'src/gateway/routeTable.ts', 'export {}', /kebab-case/],
]

test.each(forbidden)('refuses %s', (_, path, text, message) => {
  const neighbours = Object.fromEntries(
    [
      'src/gateway/b.ts',
      'src/routing/b.ts',
      'src/upstream/fake/b.ts',
      'src/gateway/b.test.ts',
      'src/plugins/b.ts',
    ]
      .filter(neighbour => neighbour !== 'src/plugins/b.ts' || path.startsWith('src/plugins/'))
      .map(neighbour => [neighbour, 'export {}\n']),
  )
  const faults = faultsOf({ ...neighbours, [path]: `${text}\n` })
  expect(faults).toEqual([expect.stringMatching(message)])
  expect(faults[0]).toContain(path)
})

test('refuses a cycle of value imports, however long, and allows one of types', () => {
  const cycle = {
    'src/gateway/a.ts': "import { b } from './b.ts'\nexport const a = () => b\n",
    'src/gateway/b.ts': "import { c } from './c.ts'\nexport const b = () => c\n",
    'src/gateway/c.ts': "import { a } from './a.ts'\nexport const c = () => a\n",
  }
  expect(faultsOf(cycle)).toEqual([
    'cycle of imports: src/gateway/a.ts -> src/gateway/b.ts -> src/gateway/c.ts -> src/gateway/a.ts',
  ])
  expect(
    faultsOf({ ...cycle, 'src/gateway/c.ts': "import type { a } from './a.ts'\nexport type C = typeof a\n" }),
  ).toEqual([])
})

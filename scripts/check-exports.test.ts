import { expect, test } from 'vitest'
import { findExportFaults, listExports } from './check-exports.ts'
import { writeTree } from './temporary-tree.ts'

const offered = { types: './dist/src/routing/index.d.ts', default: './dist/src/routing/index.js' }
const manifest = (changes: object = {}) =>
  JSON.stringify({
    files: ['bin', 'dist'],
    bin: { plimsoll: 'bin/plimsoll.mjs' },
    exports: { '.': offered },
    ...changes,
  })
const list =
  '### `model.ts`\n\n- `ModelId` (type): The name of a model.\n- `modelId` (function): Marks a name.'
const tree = {
  'package.json': manifest(),
  'bin/plimsoll.mjs': '',
  'src/routing/index.ts': "export type { ModelId } from './model.ts'\nexport { modelId } from './model.ts'\n",
  'src/routing/model.ts':
    '/** The name of a model. Unique. */\nexport type ModelId = string\n/**\n * Marks a name.\n *\n * More.\n */\nexport function modelId() {}\n/** Not offered. */\nexport const hidden = 1\n',
  'docs/library.md': `# Library\n\n<!-- exports: written by \`npm run docs\` -->\n\n${list}\n\n<!-- end of exports -->\n`,
}

test('a package whose offers exist and are listed passes', () => {
  expect(findExportFaults(writeTree(tree))).toEqual([])
  expect(listExports(writeTree(tree))).toBe(list)
})

test('a star exports all that the module declares', () => {
  const all = { ...tree, 'src/routing/index.ts': "export * from './model.ts'\n" }
  expect(listExports(writeTree(all))).toBe(`${list}\n- \`hidden\` (const): Not offered.`)
})

const lost = { types: './dist/src/lab/index.d.ts' }
const broken: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
  [
    'an export without a source',
    { 'package.json': manifest({ exports: { './lab': lost } }) },
    /exports\["\.\/lab"\]\.types.*no src\/lab\/index\.ts/,
  ],
  [
    'a program that is not there',
    { 'package.json': manifest({ bin: { plimsoll: 'bin/other.mjs' } }) },
    /bin\.plimsoll.*no bin\/other\.mjs/,
  ],
  [
    'an export that is not packed',
    { 'package.json': manifest({ files: ['dist'] }) },
    /bin\/plimsoll\.mjs is offered, but "files"/,
  ],
  [
    'a worker that the build would lose',
    { 'src/store/a.ts': "new URL('./worker.ts', import.meta.url)" },
    /worker\.ts.*leads to no file in the built package/,
  ],
  ['a page that is out of date', { 'src/routing/index.ts': "export * from './model.ts'\n" }, /out of date/],
  ['a page without a list', { 'docs/library.md': '# Library\n' }, /the list of exports is missing/],
]

test.each(broken)('refuses %s', (_, changes, message) => {
  expect(findExportFaults(writeTree({ ...tree, ...changes }))).toEqual([expect.stringMatching(message)])
})

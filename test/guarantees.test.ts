import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8')
const page = read('docs/guarantees.md')

/** Tests that a text names: a file in backquotes, then titles in double quotes, up to the next file. */
function namedTests(text: string): readonly { readonly file: string; readonly title: string }[] {
  const plain = text.replace(/\s+/g, ' ')
  return [...plain.matchAll(/`([\w./-]+\.test\.ts)`([^`]*(?:`(?![\w./-]+\.test\.ts`)[^`]*)*)/g)].flatMap(
    ([, file = '', after = '']) =>
      [...after.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
  )
}

const titlesOf = (file: string): readonly string[] =>
  [...read(file).matchAll(/'((?:[^'\\\n]|\\.)+)'/g)].map(([, title = '']) => title)

test('every claim names a test that could refute it', () => {
  const claims = page.split(/^### /m).slice(1)
  expect(claims.length).toBeGreaterThanOrEqual(9)
  for (const claim of claims) {
    const [heading = ''] = claim.split('\n', 1)
    for (const part of ['**Says.**', '**Holds if**', '**Void if**', '**Refuted by**'])
      if (!claim.includes(part))
        expect(claim.toLowerCase(), heading).toContain(part.toLowerCase().slice(0, -2))
    expect(namedTests(claim.slice(claim.indexOf('**Refuted by**'))), heading).not.toEqual([])
  }
})

test('the tests that the guarantees name exist', () => {
  const named = namedTests(page)
  expect(named.length).toBeGreaterThan(30)
  for (const { file, title } of named) expect(titlesOf(file), `${file}: ${title}`).toContain(title)
})

test('and the check notices a test that is not there', () => {
  const [first] = namedTests('`src/routing/certify/certificate.test.ts` "a title that nothing has"')
  expect(first?.title).toBe('a title that nothing has')
  expect(titlesOf(first?.file ?? '')).not.toContain(first?.title)
})

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const entry = new URL('./index.ts', import.meta.url)

/** The code of the first `@example` in a file's leading docstring. */
function exampleIn(source: string): string {
  const lines = source.slice(0, source.indexOf('*/')).split('\n')
  const from = lines.findIndex(line => line.includes('@example')) + 1
  const to = lines.findIndex((line, i) => i > from && line.includes('* @'))
  return lines
    .slice(from, to)
    .map(line => line.replace(/^ \* ?/, ''))
    .join('\n')
}

describe('the library entry', () => {
  it('runs the example of its docstring as it stands', () => {
    const example = exampleIn(readFileSync(fileURLToPath(entry), 'utf8'))
    expect(example).toContain("from 'plimsoll'")
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-example-'))
    try {
      const file = join(folder, 'example.ts')
      writeFileSync(file, example.replace("from 'plimsoll'", `from '${entry.href}'`))
      const printed = execFileSync(process.execPath, [file], { encoding: 'utf8' })
      expect(printed).toMatch(/^(local\/small|openai\/large) 0\.9\n$/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

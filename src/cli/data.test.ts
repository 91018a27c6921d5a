import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { run } from './data.ts'

const folder = mkdtempSync(join(tmpdir(), 'data-import-'))
afterAll(() => rmSync(folder, { recursive: true }))
const input = join(folder, 'mmlu_a.csv')
const output = join(folder, 'a.jsonl')
writeFileSync(input, 'prompt,m\nq,True\nr,\n')
const prices = join(folder, 'prices.json')
const entry = { input_token_price_per_million: 1, output_token_price_per_million: 1 }
writeFileSync(prices, JSON.stringify({ m: entry }))

/** What a command line wrote and how it ended. */
async function told(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    err += String(text)
    return true
  })
  const code = await run(args)
  vi.restoreAllMocks()
  return { code, out, err }
}

afterEach(() => vi.restoreAllMocks())

describe('plimsoll data import', () => {
  it('writes the trace and says what it left out, on standard error alone', async () => {
    const { code, out, err } = await told('import', 'routellm', input, output, '--prices', prices)
    expect([code, out]).toEqual([0, ''])
    expect(err).toContain(`${output}: 1 rows, 1 models`)
    expect(err).toContain('1 rows left out, where a score or a cost is missing: m in 1')
    expect(JSON.parse(readFileSync(output, 'utf8'))).toMatchObject({
      id: 'mmlu_a-1',
      prompt: 'q',
      scores: { m: 1 },
    })
  })

  it('--json prints one object', async () => {
    const { out, err } = await told('import', 'routellm', input, output, '--prices', prices, '--json')
    expect(JSON.parse(out)).toMatchObject({ dataset: 'routellm', rows: 1, dropped: 1, models: ['m'] })
    expect(err).toBe('')
  })

  it('lists the data sets in its help', async () => {
    const { code, out } = await told('--help')
    expect(code).toBe(0)
    for (const name of ['routerbench', 'sprout', 'llmrouterbench', 'routerarena', 'routellm'])
      expect(out).toContain(name)
  })

  it.each([
    [[], 64, 'expected import'],
    [['export'], 64, "'export' was given"],
    [['import', 'routellm', input], 64, 'OUT is required'],
    [['import', 'routlm', input, output], 64, 'did you mean routellm?'],
    [['import', 'routellm', input, input], 64, 'IN and OUT are the same file'],
    [['import', 'routerarena', input, output, '--answers'], 64, 'published model by model'],
    [['import', 'routellm', input, output, '--models', ','], 64, '--models needs at least one name'],
    [['import', 'routellm', input, output], 65, 'no price is known for m'],
    [['import', 'routellm', join(folder, 'none.csv'), output], 65, 'no such file'],
    [['import', 'routellm', input, output, '--prices', input], 65, 'does not parse as JSON'],
    [
      ['import', 'routellm', input, join(folder, 'no', 'a.jsonl'), '--prices', prices],
      1,
      'cannot be written',
    ],
  ])('%j ends with code %i', async (args, exitCode, message) => {
    await expect(run(args)).rejects.toMatchObject({ exitCode, message: expect.stringContaining(message) })
  })
})

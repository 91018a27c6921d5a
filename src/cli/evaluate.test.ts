import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { run } from './evaluate.ts'

const folder = mkdtempSync(join(tmpdir(), 'evaluate-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

const rowLine = (i: number, models: readonly string[]): string =>
  JSON.stringify({
    id: `row-${i}`,
    task: i % 3 === 0 ? 'thirds' : 'others',
    prompt: `secret words number ${i}`,
    scores: Object.fromEntries(models.map((model, m) => [model, (i * (m + 3)) % 5 > 1 - m ? 1 : 0])),
    costs: Object.fromEntries(models.map((model, m) => [model, (1 + (i % 4)) * 10 ** m * 1e-5])),
  })
const traceFile = (name: string, from: number, models: readonly string[]): string => {
  const path = join(folder, name)
  writeFileSync(path, `${Array.from({ length: 60 }, (_, i) => rowLine(from + i, models)).join('\n')}\n`)
  return path
}
const trace = traceFile('a.jsonl', 0, ['small', 'large'])
const swapped = traceFile('b.jsonl', 60, ['large', 'small'])
const stranger = traceFile('c.jsonl', 120, ['small', 'other'])

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

describe('plimsoll evaluate', () => {
  it('prints a table and writes JSON and CSV of the same figures', async () => {
    const json = join(folder, 'out.json')
    const csv = join(folder, 'out.csv')
    const policies = 'static-mixture,fixed:large'
    const { code, out } = await told(
      ...['--trace', trace, '--policies', policies, '--seeds', '2', '--json', json, '--csv', csv],
    )
    expect(code).toBe(0)
    expect(out).toContain('a: 2 models, 42 training rows, 18 test rows, 2 random splits')
    expect(out).toContain('evidence: means; promise no floor: fewer than 100 labelled rows')
    for (const name of ['static-mixture', 'fixed:large', 'best-static-mixture', 'clairvoyant-frontier'])
      expect(out).toContain(name)
    const written = JSON.parse(readFileSync(json, 'utf8'))
    expect(written).toMatchObject({ trace: 'a', seeds: 2, evidence: 'means' })
    expect(Object.keys(written.policies)).toEqual(['static-mixture', 'fixed:large'])
    const saved = written.policies['fixed:large'].billSavedVsMixture.mean
    expect(readFileSync(csv, 'utf8')).toContain(`policy,fixed:large,,,billSavedVsMixture,${saved},`)
  })

  it.each([
    ['the trace as output', ['--json', trace], 'would overwrite the file of --trace'],
    [
      'one file for two outputs',
      ['--csv', join(folder, 'x'), '--report', join(folder, '.', 'x')],
      'of --csv',
    ],
    ['a folder that is not there', ['--report', join(folder, 'none', 'x')], '--report: '],
    ['a folder', ['--csv', folder], 'it is a folder'],
  ])('refuses %s before any work', async (_, outputs, message) => {
    const before = readFileSync(trace, 'utf8')
    const command = told('--trace', trace, '--policies', 'random', '--seeds', '1', ...outputs)
    await expect(command).rejects.toThrow(message)
    vi.restoreAllMocks()
    expect(readFileSync(trace, 'utf8')).toBe(before)
  })

  it('--json - prints the object alone', async () => {
    const { out } = await told(
      ...['--trace', trace, '--policies', 'random', '--seeds', '1', '--floors', '0.5:0.7:0.1', '--json', '-'],
    )
    expect(JSON.parse(out).runs.map((each: { floor: number }) => each.floor)).toEqual([0.5, 0.6, 0.7])
  })

  it('matches the models of a test trace by name', async () => {
    const { out } = await told(
      ...['--trace', trace, '--test-trace', swapped, '--policies', 'fixed:large', '--json', '-'],
    )
    const written = JSON.parse(out)
    expect(written).toMatchObject({ trace: 'a', testTrace: 'b', seeds: 1 })
    const costUsd =
      Array.from({ length: 60 }, (_, i) => (1 + ((60 + i) % 4)) * 1e-5).reduce((a, b) => a + b) / 60
    // In the other file `large` stands first and has the lower prices.
    expect(written.runs[0].costUsd).toBeCloseTo(costUsd, 12)
  })

  it('writes a report that says how it was made and holds no prompt', async () => {
    const report = join(folder, 'out.html')
    await told('--trace', trace, '--policies', 'static-mixture', '--seeds', '1', '--report', report)
    const page = readFileSync(report, 'utf8')
    expect(page).toContain(`plimsoll evaluate --trace ${trace} --policies static-mixture`)
    expect(page).not.toContain('secret words')
  })

  it('lists its options', async () => {
    const { code, out } = await told('--help')
    expect(code).toBe(0)
    for (const option of ['--policies', '--floors', '--test-trace', '--report']) expect(out).toContain(option)
  })

  it('takes its splits from the first seed on, and one policy with several settings', async () => {
    const splits = async (...options: readonly string[]) => {
      const policies = 'lr,lr?c=100'
      const { out } = await told('--trace', trace, '--policies', policies, '--json', '-', ...options)
      return JSON.parse(out)
    }
    const early = await splits('--seeds', '3')
    const late = await splits('--seeds', '1', '--first-seed', '3')
    const seedsOf = (found: { splits: { seed: number }[] }) => found.splits.map(({ seed }) => seed)
    expect([seedsOf(early), seedsOf(late)]).toEqual([[1, 2, 3], [3]])
    const third = early.runs.filter(({ seed }: { seed: number }) => seed === 3)
    expect(late.runs).toEqual(third)
    expect(Object.keys(late.policies)).toEqual(['lr', 'lr?c=100'])
    expect(late.policies['lr?c=100']).not.toEqual(late.policies.lr)
  })

  const base = ['--trace', trace, '--policies', 'random']
  it.each([
    [[], 64, '--trace FILE is required'],
    [['--trace', trace], 64, '--policies P1,P2,… is required'],
    [['--trace', trace, '--policies', 'plimsol'], 64, 'did you mean plimsoll?'],
    [['--trace', trace, '--policies', 'random,'], 64, 'empty name'],
    [['--trace', trace, '--policies', 'random,random'], 64, 'twice'],
    [['--trace', trace, '--policies', 'fixed:huge'], 64, "no model 'huge' in the trace; it has small, large"],
    [['--trace', trace, '--policies', 'fixed'], 64, 'fixed'],
    [[...base, '--floors', '0.9'], 64, 'FROM:TO:STEP'],
    [[...base, '--seeds', '0'], 64, 'at least 1'],
    [
      [...base, '--test-trace', swapped, '--first-seed', '3'],
      64,
      '--first-seed goes with random splits only',
    ],
    [['--trace', trace, '--policies', 'random?x'], 64, 'expected name=number'],
    [['--trace', trace, '--policies', 'lr?d=1'], 64, 'policy lr has no parameter d'],
    [[...base, '--train', '1'], 64, 'both sides need rows'],
    [[...base, '--train', '0.001'], 64, 'no training row is left'],
    [[...base, '--test-trace', swapped, '--seeds', '3'], 64, '--seeds goes with random splits only'],
    [[...base, '--satisfied-at', '0'], 64, '--satisfied-at'],
    [[...base, '--test-trace', stranger], 65, 'its models are small, other'],
    [['--trace', join(folder, 'none.jsonl'), '--policies', 'random'], 65, 'no such file'],
    [[...base, '--seeds', '1', '--json', join(folder, 'no', 'x.json')], 1, 'cannot be written'],
  ])('%j ends with code %i', async (args, exitCode, message) => {
    await expect(run(args)).rejects.toMatchObject({ exitCode, message: expect.stringContaining(message) })
  })
})

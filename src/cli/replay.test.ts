import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from './replay.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-replay-options-'))
const trace = join(folder, 'quiz.jsonl')
const row = (i: number): string =>
  JSON.stringify({
    id: `q${i}`,
    prompt: `Add ${i}.`,
    scores: { small: 1, large: 1 },
    costs: { small: 1, large: 9 },
  })

beforeAll(() => writeFileSync(trace, Array.from({ length: 40 }, (_, i) => row(i)).join('\n')))
afterAll(() => rmSync(folder, { recursive: true }))

describe('plimsoll replay refuses', () => {
  it.each([
    ['two ways to say the seed', ['--seed', '3', '--seeds', '2'], '--seed and --seeds exclude each other'],
    ['a rate that is missing', ['--audit', '.1', '--judge-error', ',0.1'], '--judge-error must be two rates'],
    ['a rate of spaces', ['--audit', '.1', '--judge-error', '0.1, '], '--judge-error must be two rates'],
    ['a warm start of no row', ['--warm-start', '.01'], 'a warm start of 0.01 is none of its 40 rows'],
    ['to write its steps over the trace', ['--steps', trace], '--steps'],
    [
      'the trace by another way',
      ['--steps', join(folder, '..', folder.split('/').at(-1) ?? '', 'quiz.jsonl')],
      '--trace',
    ],
    [
      'a floor named like a built-in',
      ['--floor', 'constructor:.5:.6'],
      'expected a number, a list, or uniform',
    ],
  ])('%s', async (_, options, message) => {
    const floor = options.includes('--floor') ? [] : ['--floor', '.8']
    const command = run(['--trace', trace, ...floor, '--policy', 'random', ...options])
    await expect(command).rejects.toMatchObject({ exitCode: 64, message: expect.stringContaining(message) })
    expect(readFileSync(trace, 'utf8')).toContain('"q39"')
  })
})

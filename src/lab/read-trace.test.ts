import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { readTrace, TraceError } from './read-trace.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-trace-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function fileWith(content: string | Uint8Array, ending = '.jsonl'): string {
  const path = join(folder, `trace-${files++}${ending}`)
  writeFileSync(path, content)
  return path
}

const good = { id: 'r1', prompt: 'Why?', scores: { a: 1, b: 0.5 }, costs: { a: 0.1, b: 0.2 } }
const line = (changes: object = {}): string => JSON.stringify({ ...good, ...changes })
const read = (content: string, satisfiedAt: number | null = null) =>
  readTrace(fileWith(content), { satisfiedAt })

describe('readTrace', () => {
  it('reads every field, whatever the order of the models', async () => {
    const trace = await read(
      [
        line({
          task: 'quiz',
          split: 'test',
          in_tokens: 7,
          out_tokens: { a: 3 },
          latency_ms: { a: 10, b: 20 },
        }),
        '',
        line({
          id: 'r2',
          scores: { b: 1, a: 0 },
          costs: { b: 4, a: 3 },
          answers: { a: 'yes' },
          answer_prob: 0.4,
        }),
      ].join('\r\n'),
    )
    expect(trace.models).toEqual(['a', 'b'])
    expect(trace.rows.map(row => [...row.scores])).toEqual([
      [1, 0.5],
      [0, 1],
    ])
    expect([...(trace.rows[1]?.costsUsd ?? [])]).toEqual([3, 4])
    expect(trace.rows[0]).toMatchObject({
      id: 'r1',
      prompt: 'Why?',
      task: 'quiz',
      split: 'test',
      promptTokens: 7,
    })
    expect([...(trace.rows[0]?.completionTokens ?? [])]).toEqual([3, Number.NaN])
    expect([...(trace.rows[0]?.latencyMs ?? [])]).toEqual([10, 20])
    expect(trace.rows[1]?.answers).toEqual(['yes', ''])
    expect(trace.rows[1]?.task).toBeNull()
  })

  it('joins the texts of messages', async () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Why?' }, { type: 'image_url' }] },
    ]
    const trace = await read(line({ prompt: undefined, messages }))
    expect(trace.rows[0]?.prompt).toBe('Be brief.\nWhy?')
  })

  it('turns fractional scores into labels where asked to', async () => {
    const scores = { a: 0.9, b: 0.899 }
    expect([...((await read(line({ scores }), 0.9)).rows[0]?.scores ?? [])]).toEqual([1, 0])
    expect([...((await read(line({ scores }))).rows[0]?.scores ?? [])]).toEqual([0.9, 0.899])
  })

  it('reads packed files and names a trace by its file', async () => {
    const path = fileWith(gzipSync(`${line()}\n${line({ prompt: 'é'.repeat(300_000) })}`), '.jsonl.gz')
    const trace = await readTrace(path, { satisfiedAt: null })
    expect(trace.rows.map(row => row.prompt.length)).toEqual([4, 300_000])
    expect(trace.name).toMatch(/^trace-\d+$/)
  })

  const faults: readonly (readonly [fault: string, second: string, expected: string])[] = [
    ['text that is no JSON', '{"id": ', 'not valid JSON'],
    ['a list', '[]', 'expected a JSON object, given a list of 0'],
    ['no id', line({ id: undefined }), "field 'id' must be non-empty text, given nothing"],
    ['an id that is a number', line({ id: 5 }), "field 'id' must be non-empty text, given 5"],
    ['no prompt', line({ prompt: undefined }), "exactly one of 'prompt' and 'messages', given neither"],
    ['two prompts', line({ messages: [] }), "exactly one of 'prompt' and 'messages', given both"],
    ['a prompt that is no text', line({ prompt: {} }), "field 'prompt' must be text, given an object"],
    ['no messages', line({ prompt: undefined, messages: [] }), 'a non-empty list, given a list of 0'],
    [
      'a message without role',
      line({ prompt: undefined, messages: [{ content: 'x' }] }),
      'messages[0] must be',
    ],
    [
      'a content of the wrong type',
      line({ prompt: undefined, messages: [{ role: 'user', content: 5 }] }),
      'messages[0].content must be text or a list of parts, given 5',
    ],
    ['no scores', line({ scores: undefined }), "field 'scores' must be an object"],
    ['a missing model', line({ scores: { a: 1 } }), "field 'scores' lacks model 'b'"],
    ['another model', line({ scores: { a: 1, b: 1, z: 1 } }), "field 'scores' names model 'z'"],
    [
      'a score above 1',
      line({ scores: { a: 1.5, b: 1 } }),
      "of model 'a' must be a number from 0 to 1, given 1.5",
    ],
    [
      'a negative score',
      line({ scores: { a: 1, b: -0.1 } }),
      "of model 'b' must be a number from 0 to 1, given -0.1",
    ],
    ['a score as text', line({ scores: { a: '1', b: 1 } }), 'a number from 0 to 1, given "1"'],
    ['a missing cost', line({ costs: { a: 1 } }), "field 'costs' lacks model 'b'"],
    [
      'a negative cost',
      line({ costs: { a: -1, b: 1 } }),
      "field 'costs' of model 'a' must be a finite number",
    ],
    ['an endless cost', line().replace('0.1', '1e999'), "field 'costs' of model 'a' must be a finite number"],
    ['tokens of a stranger', line({ out_tokens: { z: 1 } }), "field 'out_tokens' names model 'z'"],
    ['negative tokens', line({ in_tokens: -1 }), "field 'in_tokens' must be a number, 0 or more, given -1"],
    ['a latency as text', line({ latency_ms: { a: 'slow' } }), "field 'latency_ms' of model 'a'"],
    [
      'an answer that is no text',
      line({ answers: { a: 1 } }),
      "field 'answers' of model 'a' must be text, given 1",
    ],
    ['a task that is no text', line({ task: 3 }), "field 'task' must be text, given 3"],
    ['a split that is no text', line({ split: [] }), "field 'split' must be text, given a list of 0"],
  ]
  it.each(faults)('refuses %s with file, line and what it expected', async (_fault, second, expected) => {
    const path = fileWith(`${line()}\n${second}\n${line()}\n`)
    const error = await readTrace(path, { satisfiedAt: null }).catch(thrown => thrown)
    expect(error).toBeInstanceOf(TraceError)
    expect(error.message).toContain(`${path}, line 2: `)
    expect(error.message).toContain(expected)
    expect(error).toMatchObject({ file: path, line: 2, code: 'bad_trace' })
  })

  it('names no model twice over: the first row fixes them', async () => {
    await expect(read(line({ scores: {}, costs: {} }))).rejects.toThrow('must name at least one model')
  })

  it('never quotes a prompt', async () => {
    const broken = `{"id": "x", "prompt": "my secret plan" "scores": {}}`
    await expect(read(broken)).rejects.not.toThrow('secret')
  })

  it('refuses files that cannot be read at all', async () => {
    const refusal = async (path: string): Promise<string> =>
      readTrace(path, { satisfiedAt: null }).then(String, error => error.message)
    expect(await refusal(join(folder, 'absent.jsonl'))).toContain('no such file')
    expect(await refusal(fileWith(''))).toContain('the file holds no rows')
    expect(await refusal(fileWith(line(), '.jsonl.gz'))).toContain('not a readable gzip file')
    const cut = gzipSync(`${line()}\n`.repeat(500)).subarray(0, 60)
    expect(await refusal(fileWith(cut, '.jsonl.gz'))).toContain('not a readable gzip file')
    const latin1 = Buffer.from(`${line()}\n${line({ prompt: 'caf\u00e9' })}\n`, 'latin1')
    expect(await refusal(fileWith(latin1))).toContain('line 2: the line is not valid UTF-8')
  })
})

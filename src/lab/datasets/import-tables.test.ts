import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readTrace } from '../read-trace.ts'
import { type DatasetName, type ImportRequest, type ImportSummary, importDataset } from './import-dataset.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

function load(
  dataset: DatasetName,
  input: string,
  more: Partial<ImportRequest> = {},
): Promise<ImportSummary> {
  const output = join(folder, 'trace.jsonl')
  const none = { prices: null, models: null, answers: false, onProgress: () => {} }
  return importDataset({ dataset, input, output, ...none, ...more })
}

/** The rows as they stand in the trace. */
function lines(name = 'trace.jsonl'): readonly Record<string, unknown>[] {
  const bytes = readFileSync(join(folder, name))
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

describe('routerbench', () => {
  const header =
    ',sample_id,prompt,eval_name,small,big/one,small|model_response,big/one|model_response,small|total_cost,big/one|total_cost,oracle_model_to_route_to'
  const csv = [
    header,
    `0,t.1,"['Why, ""so""?\\n']",t,1.0,0.5,"['a']","['b', 'c']",0.001,0.02,small`,
    '1,t.2,"[""it\'s""]",t,,1.0,x,y,0.001,0.02,big/one',
    '2,u.3,plain,u,True,False,x,y,1e-05,0.03,small',
    '',
  ].join('\n')

  it('reads CSV; leaves out and counts rows where a score is missing', async () => {
    const summary = await load('routerbench', write('rb.csv', csv))
    expect(summary).toMatchObject({
      models: ['small', 'big/one'],
      rows: 2,
      dropped: 1,
      gaps: { small: 1 },
    })
    expect(lines()).toEqual([
      {
        id: 't.1',
        task: 't',
        prompt: 'Why, "so"?\n',
        scores: { small: 1, 'big/one': 0.5 },
        costs: { small: 0.001, 'big/one': 0.02 },
      },
      {
        id: 'u.3',
        task: 'u',
        prompt: 'plain',
        scores: { small: 1, 'big/one': 0 },
        costs: { small: 1e-5, 'big/one': 0.03 },
      },
    ])
    const trace = await readTrace(join(folder, 'trace.jsonl'), { satisfiedAt: null })
    expect(trace.models).toEqual(['small', 'big/one'])
  })

  it('carries answers when asked, packs by name and keeps the models asked for', async () => {
    const input = write('rb.csv', csv)
    const output = join(folder, 'trace.jsonl.gz')
    const summary = await load('routerbench', input, { output, answers: true, models: ['big/one'] })
    expect(summary).toMatchObject({ models: ['big/one'], rows: 3, dropped: 0, gaps: {} })
    expect(lines('trace.jsonl.gz')[0]).toMatchObject({
      scores: { 'big/one': 0.5 },
      answers: { 'big/one': 'b\nc' },
    })
    await expect(load('routerbench', input, { models: ['nope'] })).rejects.toThrow(
      'has no model nope; it has small, big/one',
    )
  })

  it('reads Parquet with the same result', async () => {
    const columnData = [
      { name: 'sample_id', data: ['t.1', 't.2', 'u.3'] },
      { name: 'prompt', data: [`['Why, "so"?\\n']`, `["it's"]`, 'plain'] },
      { name: 'eval_name', data: ['t', 't', 'u'] },
      { name: 'small', data: [1, Number.NaN, 1], type: 'DOUBLE' as const },
      { name: 'big/one', data: [0.5, 1, 0], type: 'DOUBLE' as const },
      { name: 'small|model_response', data: ['x', 'y', 'z'] },
      { name: 'small|total_cost', data: [0.001, 0.001, 1e-5], type: 'DOUBLE' as const },
      { name: 'big/one|total_cost', data: [0.02, 0.02, 0.03], type: 'DOUBLE' as const },
    ]
    const parquet = write('rb.parquet', new Uint8Array(parquetWriteBuffer({ columnData })))
    await load('routerbench', parquet)
    const fromParquet = lines()
    await load('routerbench', write('rb.csv', csv))
    expect(fromParquet).toEqual(lines())
  })

  it('reads every file of a folder and refuses one with other models', async () => {
    write('rb/a.csv', csv)
    write('rb/b.csv', csv)
    expect((await load('routerbench', join(folder, 'rb'))).rows).toBe(4)
    write('rb/c.csv', csv.replaceAll('big/one', 'other'))
    await expect(load('routerbench', join(folder, 'rb'))).rejects.toThrow(
      /c\.csv: names other models than .*a\.csv/,
    )
  })

  it('refuses a pickle with the command that converts it, by name or by content', async () => {
    const pickle = write('routerbench_0shot.pkl', new Uint8Array([0x80, 4, 0x95]))
    await expect(load('routerbench', pickle)).rejects.toThrow(
      `python3 -c "import pandas; pandas.read_pickle('${pickle}').to_csv('${pickle.replace('.pkl', '.csv')}', index=False)"`,
    )
    const disguised = write('rb.csv', new Uint8Array([0x80, 5, 0x95, 0, 0]))
    await expect(load('routerbench', disguised)).rejects.toThrow('a pickle can run any code')
    await expect(load('routerbench', folder)).rejects.toThrow('pandas.read_pickle')
  })

  it.each([
    ['1.5', "line 4: the score of 'small' must be a number from 0 to 1, given 1.5"],
    ['good', `line 4: column 'small' must be a number, given "good"`],
    ['-0.5', 'given -0.5'],
  ])('names the line of a score %s and leaves the output as it was', async (score, fault) => {
    const output = write('trace.jsonl', 'before')
    await expect(load('routerbench', write('rb.csv', csv.replace('u,True', `u,${score}`)))).rejects.toThrow(
      fault,
    )
    expect(readFileSync(output, 'utf8')).toBe('before')
    expect(readdirSync(folder).filter(name => name.includes('partial'))).toEqual([])
  })

  it('refuses a short row, other columns, an empty file and a file that is not there', async () => {
    await expect(load('routerbench', write('rb.csv', `${csv}3,v,x\n`))).rejects.toThrow(
      'line 5: expected 11 fields as in the header, given 3',
    )
    await expect(load('routerbench', write('rb.csv', 'a,b\n1,2\n'))).rejects.toThrow(
      "expected RouterBench's columns MODEL and MODEL|total_cost",
    )
    await expect(load('routerbench', write('rb.csv', ''))).rejects.toThrow('the file is empty')
    await expect(load('routerbench', write('rb.csv', `${header}\n`))).rejects.toThrow('holds no rows')
    await expect(load('routerbench', join(folder, 'gone.csv'))).rejects.toThrow('no such file or folder')
    expect(existsSync(join(folder, 'trace.jsonl'))).toBe(false)
  })

  it('streams many rows and tells how far it is', async () => {
    const row = (i: number): string => `${i},s${i},"p, ${i}",t,1,0,x,y,0.1,0.2,small`
    const body = Array.from({ length: 20_000 }, (_, i) => row(i)).join('\n')
    const told: number[] = []
    const summary = await load('routerbench', write('rb.csv', `${header}\n${body}\n`), {
      onProgress: ({ readBytes, totalBytes }) => {
        if (totalBytes !== null) told.push(readBytes / totalBytes)
      },
    })
    expect(summary.rows).toBe(20_000)
    expect(lines()).toHaveLength(20_000)
    expect(told.at(-1)).toBeCloseTo(1, 1)
    expect(told.toSorted((a, b) => a - b)).toEqual(told)
  })
})

describe('sprout', () => {
  const leaf = (name: string, type: 'DOUBLE' | 'INT64' | 'BYTE_ARRAY') => ({
    name,
    type,
    repetition_type: 'OPTIONAL' as const,
    ...(type === 'BYTE_ARRAY' ? { converted_type: 'UTF8' as const } : {}),
  })
  const model = (name: string) => [
    { name, num_children: 5, repetition_type: 'OPTIONAL' as const },
    leaf('judge_response', 'BYTE_ARRAY'),
    leaf('num_input_tokens', 'INT64'),
    leaf('num_output_tokens', 'INT64'),
    leaf('response', 'BYTE_ARRAY'),
    leaf('score', 'DOUBLE'),
  ]
  const cell = (score: number | null, input: number, output: number) => ({
    judge_response: 'j',
    num_input_tokens: BigInt(input),
    num_output_tokens: BigInt(output),
    response: `answer ${output}`,
    score,
  })
  function parquet(models: readonly string[], cells: readonly unknown[][]): Uint8Array {
    const schema = [
      { name: 'root', num_children: 3 + models.length },
      ...['key', 'dataset', 'prompt'].map(name => leaf(name, 'BYTE_ARRAY')),
      ...models.flatMap(model),
    ]
    const columnData = [
      { name: 'key', data: cells.map((_, i) => `k${i}`) },
      { name: 'dataset', data: cells.map(() => 'math') },
      { name: 'prompt', data: cells.map((_, i) => `prompt ${i}`) },
      ...models.map((name, m) => ({ name, data: cells.map(row => row[m]) })),
    ]
    return new Uint8Array(parquetWriteBuffer({ columnData, schema }))
  }
  const models = ['openai-gpt-4o', 'wxai-llama-3-1-8b-instruct']

  it('reads the splits of a folder; costs are tokens times prices', async () => {
    write('data/train-00000-of-00002.parquet', parquet(models, [[cell(1, 1000, 100), cell(0.25, 1200, 50)]]))
    write('data/train-00001-of-00002.parquet', parquet(models, [[cell(1, 10, 10), cell(null, 10, 10)]]))
    write(
      'data/test-00000-of-00001.parquet',
      parquet(models, [
        [cell(0, 10, 10), null],
        [cell(0, 0, 5), cell(1, 2, 5)],
      ]),
    )
    const summary = await load('sprout', join(folder, 'data'), { answers: true })
    expect(summary).toMatchObject({ models, rows: 2, dropped: 2, gaps: { 'wxai-llama-3-1-8b-instruct': 2 } })
    expect(summary.notes.join(' ')).toContain('prices that its authors use')
    expect(lines()).toEqual([
      {
        id: 'k1',
        task: 'math',
        prompt: 'prompt 1',
        split: 'test',
        scores: { 'openai-gpt-4o': 0, 'wxai-llama-3-1-8b-instruct': 1 },
        // 5 x 10 USD per million; 7 x .2 USD per million.
        costs: { 'openai-gpt-4o': 5e-5, 'wxai-llama-3-1-8b-instruct': 1.4e-6 },
        in_tokens: 1,
        out_tokens: { 'openai-gpt-4o': 5, 'wxai-llama-3-1-8b-instruct': 5 },
        answers: { 'openai-gpt-4o': 'answer 5', 'wxai-llama-3-1-8b-instruct': 'answer 5' },
      },
      expect.objectContaining({
        id: 'k0',
        split: 'train',
        in_tokens: 1100,
        // 1000 x 2.5 + 100 x 10 and 1250 x .2 USD per million.
        costs: { 'openai-gpt-4o': 0.0035, 'wxai-llama-3-1-8b-instruct': 0.00025 },
      }),
    ])
  })

  it('takes prices for models that it does not know, and refuses them without', async () => {
    const input = write('a.parquet', parquet(['new-model'], [[cell(1, 1000, 0)]]))
    await expect(load('sprout', input)).rejects.toThrow('no price is known for new-model; give a price list')
    await load('sprout', input, { prices: new Map([['new-model', { inputUsd: 7, outputUsd: 0 }]]) })
    expect(lines()[0]?.costs).toEqual({ 'new-model': 0.007 })
    expect(lines()[0]).not.toHaveProperty('answers')
  })

  it('names the file and row of a score out of range, and a file without models', async () => {
    const input = write(
      'a.parquet',
      parquet(models, [
        [cell(1, 1, 1), cell(1, 1, 1)],
        [cell(2, 1, 1), cell(1, 1, 1)],
      ]),
    )
    await expect(load('sprout', input)).rejects.toThrow("a.parquet, row 2: the score of 'openai-gpt-4o'")
    const other = parquetWriteBuffer({ columnData: [{ name: 'key', data: ['a'] }] })
    await expect(load('sprout', write('b.parquet', new Uint8Array(other)))).rejects.toThrow(
      "SPROUT's columns",
    )
  })
})

describe('routellm', () => {
  const mmlu =
    'prompt,mixtral-8x7b-instruct-v0.1,gpt-4-1106-preview\n"Which?\nA. 1\nB. 2\nAnswer:",True,False\nWhy?,False,True\n'
  const gsm8k =
    'prompt,mixtral-8x7b-instruct-v0.1,gpt-4-1106-preview,mixtral-8x7b-instruct-v0.1_response,gpt-4-1106-preview_response\n12345678,False,True,1234,"12345678\n9012"\n'

  it('reads the subjects of MMLU and GSM8K; costs are estimated tokens times prices', async () => {
    write('evals/mmlu/responses/mmlu_anatomy.csv', mmlu)
    write('evals/gsm8k/gsm8k_responses.csv', gsm8k)
    write('evals/gsm8k/other.csv', 'a,b\n')
    const summary = await load('routellm', join(folder, 'evals'), { answers: true })
    expect(summary).toMatchObject({
      models: ['mixtral-8x7b-instruct-v0.1', 'gpt-4-1106-preview'],
      rows: 3,
      dropped: 0,
    })
    expect(summary.notes.join(' ')).toContain('estimated tokens')
    const [first, second, third] = lines()
    expect(first).toEqual({
      id: 'gsm8k-1',
      task: 'gsm8k',
      prompt: '12345678',
      scores: { 'mixtral-8x7b-instruct-v0.1': 0, 'gpt-4-1106-preview': 1 },
      // Two tokens in; one out at .6 + .6, four out (13 characters) at 10 and 30 USD per million.
      costs: { 'mixtral-8x7b-instruct-v0.1': expect.closeTo(1.8e-6, 12), 'gpt-4-1106-preview': 0.00014 },
      in_tokens: 2,
      out_tokens: { 'mixtral-8x7b-instruct-v0.1': 1, 'gpt-4-1106-preview': 4 },
      answers: { 'mixtral-8x7b-instruct-v0.1': '1234', 'gpt-4-1106-preview': '12345678\n9012' },
    })
    expect(second).toMatchObject({ id: 'mmlu_anatomy-1', task: 'mmlu_anatomy', in_tokens: 6 })
    expect(third).toMatchObject({
      id: 'mmlu_anatomy-2',
      prompt: 'Why?',
      out_tokens: { 'gpt-4-1106-preview': 1 },
    })
  })

  it('refuses other columns, an unpriced model and a bad cell, with its line', async () => {
    await expect(load('routellm', write('x.csv', 'a,b\n1,2\n'))).rejects.toThrow("RouteLLM's columns")
    await expect(load('routellm', write('x.csv', 'prompt,new\nq,True\n'))).rejects.toThrow(
      'no price is known for new',
    )
    await expect(load('routellm', write('x.csv', mmlu.replace('False,True', 'maybe,True')))).rejects.toThrow(
      'x.csv, line 6: column',
    )
    await expect(load('routellm', write('x.csv', mmlu.replace('Why?', '')))).rejects.toThrow(
      "line 6: column 'prompt'",
    )
  })
})

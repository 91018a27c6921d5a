import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
function lines(): readonly Record<string, unknown>[] {
  const text = readFileSync(join(folder, 'trace.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

describe('llmrouterbench', () => {
  const record = (index: number, score: number | null, cost: number) => ({
    index,
    origin_query: `q${index}`,
    prompt: `Question: q${index}`,
    prompt_tokens: 10 * index,
    completion_tokens: 3,
    cost,
    score,
    prediction: 'x',
    raw_output: [{ 'a]': '{"' }],
  })
  function result(model: string, records: readonly unknown[], more: object = {}): string {
    const head = {
      performance: 0.5,
      counts: records.length,
      model_name: model,
      dataset_name: 'aime',
      split: 'test',
    }
    return JSON.stringify({ ...head, demo: false, extra_metrics: { a: [1] }, ...more, records }, null, 2)
  }

  it('joins the files of the models by index, newest runs only, without demos', async () => {
    write(
      'bench/aime/test/a/aime-test-a-20250101_000000.json',
      result('a', [record(1, 0, 9), record(2, 0, 9)]),
    )
    write(
      'bench/aime/test/a/aime-test-a-20250102_000000.json',
      result('a', [record(1, 1, 0.5), record(2, 0, 0.25)]),
    )
    write(
      'bench/aime/test/b/aime-test-b-20250101_000000.json',
      result('b', [record(2, 0.5, 0), record(3, 1, 0)]),
    )
    write(
      'bench/aime/test/c/aime-test-c-20250101_000000.json',
      result('c', [record(1, 1, 1)], { demo: true }),
    )
    const summary = await load('llmrouterbench', join(folder, 'bench'))
    expect(summary).toMatchObject({ models: ['a', 'b'], rows: 1, dropped: 2, gaps: { a: 1, b: 1 } })
    expect(lines()).toEqual([
      {
        id: 'aime/test/2',
        task: 'aime',
        split: 'test',
        prompt: 'Question: q2',
        scores: { a: 0, b: 0.5 },
        costs: { a: 0.25, b: 0 },
        in_tokens: 20,
        out_tokens: { a: 3, b: 3 },
      },
    ])
  })

  it('takes task, split and model from the place of a file that does not name them', async () => {
    const bare = JSON.stringify({ performance: 1, records: [record(1, 1, 0.1)] })
    write('bench/gpqa/dev/model-x/20250101_000000.json', bare)
    await load('llmrouterbench', join(folder, 'bench'))
    expect(lines()[0]).toMatchObject({
      id: 'gpqa/dev/1',
      task: 'gpqa',
      split: 'dev',
      scores: { 'model-x': 1 },
    })
  })

  it('says which models are missing where no row has all, and reads a part when told', async () => {
    write('bench/aime/test/a/r.json', result('a', [record(1, 1, 1)]))
    write('bench/gpqa/test/b/r.json', result('b', [record(1, 1, 1)], { dataset_name: 'gpqa' }))
    await expect(load('llmrouterbench', join(folder, 'bench'))).rejects.toThrow(
      'no row has a score and a cost of every model (most often missing: b in 1, a in 1; 2 rows); choose some with --models',
    )
    expect(await load('llmrouterbench', join(folder, 'bench'), { models: ['a'] })).toMatchObject({
      rows: 1,
      dropped: 1,
    })
  })

  it('names the file and the record of a fault', async () => {
    const path = write('bench/aime/test/a/r.json', result('a', [record(1, 1, 1), { score: 1 }]))
    await expect(load('llmrouterbench', path)).rejects.toThrow(`${path}, records, item 2: field 'index'`)
    write('bench/aime/test/a/r.json', result('a', [record(1, 1, 1)]).slice(0, -40))
    await expect(load('llmrouterbench', path)).rejects.toThrow('is it a whole download?')
    write('bench/aime/test/a/r.json', '{"rows": []}')
    await expect(load('llmrouterbench', path)).rejects.toThrow("expected a file with an array 'records'")
  })
})

describe('routerarena', () => {
  const line = (key: string, model: string, score: number | null, more: object = {}): string =>
    JSON.stringify({
      global_index: key,
      question: `Question ${key}`,
      llm_selected: model,
      generated_answer: 'x',
      token_usage: { input_tokens: 100, output_tokens: 10, total_tokens: 110 },
      success: true,
      evaluation_result: score === null ? null : { score, metric: 'm', inference_cost: 0.5 },
      ...more,
    })
  const prices = JSON.stringify({
    'lab/a': { input_token_price_per_million: 1, output_token_price_per_million: 5 },
  })

  it('joins the files of the models by global_index; list prices go before recorded costs', async () => {
    const a = [line('AIME_1', 'lab/a', 1), line('Arc_MMLU_7', 'lab/a', 0.5), line('AIME_2', 'lab/a', null)]
    write('arena/cached_results/lab_a.jsonl', a.join('\n'))
    write(
      'arena/cached_results/b.jsonl',
      `${[line('AIME_1', 'b', 0), line('Arc_MMLU_7', 'b', 1)].join('\n')}\n`,
    )
    write('arena/model_cost/model_cost.json', prices)
    write('arena/other.jsonl', 'not part of it')
    const summary = await load('routerarena', join(folder, 'arena'))
    expect(summary).toMatchObject({ models: ['b', 'lab/a'], rows: 2, dropped: 1, gaps: { b: 1, 'lab/a': 1 } })
    expect(lines()).toEqual([
      {
        id: 'AIME_1',
        task: 'AIME',
        prompt: 'Question AIME_1',
        scores: { b: 0, 'lab/a': 1 },
        // 100 x 1 + 10 x 5 USD per million.
        costs: { b: 0.5, 'lab/a': 0.00015 },
        in_tokens: 100,
        out_tokens: { b: 10, 'lab/a': 10 },
      },
      expect.objectContaining({ id: 'Arc_MMLU_7', task: 'Arc_MMLU', scores: { b: 1, 'lab/a': 0.5 } }),
    ])
  })

  it('keeps a graded answer when an ungraded one of the same model follows', async () => {
    const rows = [line('A_1', 'm', 1), line('A_1', 'm', null), line('A_2', 'm', null), line('A_2', 'm', 0)]
    const summary = await load('routerarena', write('all.jsonl', rows.join('\n')))
    expect(summary).toMatchObject({ rows: 2, dropped: 0 })
    expect(lines().map(row => row.scores)).toEqual([{ m: 1 }, { m: 0 }])
  })

  it('names the line of a fault', async () => {
    const bad = (text: string) => load('routerarena', write('all.jsonl', `${line('A_1', 'm', 1)}\n${text}\n`))
    await expect(bad('{"global_index": 3')).rejects.toThrow(
      'all.jsonl, line 2: expected one JSON object per line',
    )
    await expect(bad('{"global_index": "A_2"}')).rejects.toThrow(
      "line 2: field 'question' must be non-empty text",
    )
    await expect(bad(line('A_2', 'm', 1, { evaluation_result: { score: 1 } }))).rejects.toThrow(
      "line 2: no cost: 'm' has no price",
    )
    await expect(bad(line('A_2', 'm', 1, { evaluation_result: { score: 'yes' } }))).rejects.toThrow(
      "line 2: column 'evaluation_result.score' must be a number",
    )
  })
})

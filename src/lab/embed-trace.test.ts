import { describe, expect, it } from 'vitest'
import { type Encoder, EncoderError } from '../encoders/encoder.ts'
import { createHashedFeaturizer } from '../routing/features/hashed-ngrams.ts'
import { createRandom } from '../routing/numeric/random.ts'
import { embedTrace } from './embed-trace.ts'
import { type PreparedTrace, prepareTrace } from './prepare-trace.ts'
import { type RunSpec, startReplay } from './run-replay.ts'
import { tinyPrepared, tinyTrace } from './tiny-trace.fixture.ts'

/** An encoder of the length of a text, with the batches that it was asked for. */
function lengthEncoder(fail: (call: number) => Error | null = () => null) {
  const batches: (readonly string[])[] = []
  const encoder: Encoder = {
    name: 'lengths@2',
    dimensions: 2,
    async encode(texts) {
      batches.push(texts)
      const failure = fail(batches.length)
      if (failure !== null) throw failure
      return texts.map(text => Float32Array.of(text.length, 1))
    },
    close: async () => {},
  }
  return { encoder, batches }
}

const rowsOf = (prompts: readonly string[]) =>
  tinyPrepared(prompts.map(prompt => ({ prompt, scores: [1], costsUsd: [1] })))

describe('embedTrace', () => {
  it('encodes every different prompt once, in batches, and leaves blank ones without', async () => {
    const prompts = [...Array.from({ length: 100 }, (_, i) => `p${i % 70}`), ' ']
    const { encoder, batches } = lengthEncoder()
    const news: [number, number][] = []
    const embedded = await embedTrace(rowsOf(prompts), encoder, { onTexts: (n, all) => news.push([n, all]) })
    expect(batches.map(batch => batch.length)).toEqual([64, 6])
    expect(news).toEqual([
      [64, 70],
      [70, 70],
    ])
    expect(embedded.encoder).toBe('character-count@1 with lengths@2')
    expect(embedded.features.map(({ embedding }) => embedding?.values[0])).toEqual([
      ...prompts.slice(0, 100).map(prompt => prompt.length),
      undefined,
    ])
    expect(embedded.features[0]?.embedding?.encoder).toBe('lengths@2')
  })

  it('tries again what may pass, and rejects what does not', async () => {
    const passing = new EncoderError('unavailable', 'busy')
    const twice = lengthEncoder(call => (call < 3 ? passing : null))
    await embedTrace(rowsOf(['a']), twice.encoder, { retryMs: 1 })
    expect(twice.batches.length).toBe(3)
    const always = lengthEncoder(() => passing)
    await expect(embedTrace(rowsOf(['a']), always.encoder, { retryMs: 1 })).rejects.toBe(passing)
    expect(always.batches.length).toBe(3)
    const wrong = new EncoderError('invalid_answer', 'four dimensions')
    const once = lengthEncoder(() => wrong)
    await expect(embedTrace(rowsOf(['a']), once.encoder, { retryMs: 1 })).rejects.toBe(wrong)
    expect(once.batches.length).toBe(1)
  })

  it('says so when a batch takes too long', async () => {
    const { encoder } = lengthEncoder()
    const hanging: Encoder = {
      ...encoder,
      encode: (_, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new EncoderError('cancelled', 'cancelled')))
        }),
    }
    await expect(embedTrace(rowsOf(['a']), hanging, { timeoutMs: 1 })).rejects.toThrow(
      'lengths@2 did not encode 1 prompts within 0.001 s',
    )
  })
})

/**
 * Half of the prompts are hard: the small model satisfies 95% of the easy ones and 30% of the hard ones, the large one, sixteen
 * times as dear, 95% of all. All prompts are made of the same words; only the direction of the embedding tells the two apart.
 */
function hiddenDifficulty(rows: number): {
  readonly prepared: PreparedTrace
  readonly encoder: (name: string) => Encoder
} {
  const random = createRandom('hidden-difficulty')
  const words = ['river', 'stone', 'market', 'letter', 'garden', 'window', 'bread', 'cloud']
  const vectors = new Map<string, Float32Array>()
  const trace = tinyTrace(
    Array.from({ length: rows }, () => {
      const hard = random.next() < 0.5
      const prompt = Array.from({ length: 12 }, () => words[random.integer(words.length)]).join(' ')
      const noise = Array.from({ length: 6 }, () => 0.4 * random.normal())
      vectors.set(prompt, Float32Array.of(3, hard ? 1 : -1, ...noise))
      const chances = hard ? [0.3, 0.95] : [0.95, 0.95]
      return {
        prompt,
        scores: chances.map(chance => (random.next() < chance ? 1 : 0)),
        costsUsd: [0.001, 0.016],
      }
    }),
  )
  const encoder = (name: string): Encoder => ({
    name,
    dimensions: 8,
    encode: async texts => texts.map(text => vectors.get(text) ?? new Float32Array(8)),
    close: async () => {},
  })
  return { prepared: prepareTrace(trace, createHashedFeaturizer()), encoder }
}

describe('a world where only the embedding tells how hard a prompt is', async () => {
  const { prepared, encoder } = hiddenDifficulty(1200)
  const embedded = await embedTrace(prepared, encoder('oracle@8'))
  const floor = 0.85
  const run = (used: PreparedTrace, policy: string) => {
    const spec: RunSpec = {
      prepared: used,
      policy,
      parameters: {},
      floors: { kind: 'constant', floor },
      seed: 1,
      channel: { kind: 'chosen' },
      audits: { budget: 0, judge: null, humanShare: 0 },
      delay: 0,
      warmStart: { kind: 'share', share: 0.5 },
      proven: null,
      drifts: [],
      limit: null,
      delta: 0.05,
    }
    const steps = [...startReplay(spec).steps]
    const mean = (value: (step: (typeof steps)[number]) => number): number =>
      steps.reduce((sum, step) => sum + value(step), 0) / steps.length
    return { satisfaction: mean(step => step.satisfaction), costUsd: mean(step => step.costUsd) }
  }

  it('keeps the same floor for much less with the encoder', () => {
    const [plain, informed] = [run(prepared, 'plimsoll'), run(embedded, 'plimsoll')]
    // By chance alone .69 of the calls must be large (.01135 USD); seeing the difficulty, .69 of the hard ones (.0062 USD).
    expect(plain.satisfaction).toBeGreaterThan(floor - 0.03)
    expect(informed.satisfaction).toBeGreaterThan(floor - 0.03)
    expect(informed.costUsd).toBeLessThan(0.75 * plain.costUsd)
  })

  it('goes on without embeddings, as after an outage of the encoder, and ignores those of another one', async () => {
    const outage = (changed: PreparedTrace): PreparedTrace => ({
      ...embedded,
      features: embedded.features.map((features, row) =>
        row % 4 > 0 ? features : (changed.features[row] ?? features),
      ),
    })
    const other = await embedTrace(prepared, encoder('another@8'))
    const [without, stranger] = [run(outage(prepared), 'plimsoll'), run(outage(other), 'plimsoll')]
    expect(without.satisfaction).toBeGreaterThan(floor - 0.03)
    expect(stranger).toEqual(without)
  })
})

import { type ModelId, modelId } from '../routing/model.ts'
import { indexPrompts, type LatencyDistribution, type World } from './world.ts'

/** One prompt with what every model made of it, in the order of the world's models. */
export interface RecordedRow {
  readonly prompt: string
  /** Score of each model in [0, 1]. */
  readonly scores: ArrayLike<number>
  /** Cost of each model's answer in USD. */
  readonly costsUsd: ArrayLike<number>
  readonly promptTokens: number | null
  readonly completionTokens: ArrayLike<number> | null
  readonly answers: readonly string[] | null
}

/** A recording to turn into a world. */
export interface Recording {
  readonly name: string
  readonly models: readonly string[]
  readonly rows: readonly RecordedRow[]
  readonly latency: LatencyDistribution
}

/** Characters per token where a recording counts no tokens. */
const CHARACTERS_PER_TOKEN = 4
/** Tokens of an answer where a recording counts none. */
const UNCOUNTED_COMPLETION = 128

/**
 * The names under which a gateway serves recorded models, unique and in their order: as recorded, `trace/NAME` where a
 * name has no provider, other characters than a gateway takes replaced by dashes; `trace/model` where none is left.
 */
export function servedNames(models: readonly string[]): readonly ModelId[] {
  const given = new Set<string>()
  return models.map(model => {
    const plain = model.replace(/[^A-Za-z0-9._:/-]/g, '-').replace(/^[^A-Za-z0-9]+/, '')
    const [provider = '', ...rest] = plain.split('/')
    const name = rest.join('/').replace(/^[^A-Za-z0-9]+/, '')
    const lone = provider === '' ? 'model' : provider
    const base = name === '' ? `trace/${lone}` : `${provider.replaceAll(':', '-')}/${name}`
    let served = base
    for (let copy = 2; given.has(served); copy++) served = `${base}-${copy}`
    given.add(served)
    return modelId(served)
  })
}

/** Rows without those that repeat the prompt of an earlier one: a provider could not tell them apart. */
export function withoutRepeatedPrompts<T extends { readonly prompt: string }>(
  rows: readonly T[],
): readonly T[] {
  const seen = new Set<string>()
  return rows.filter(row => {
    if (seen.has(row.prompt)) return false
    seen.add(row.prompt)
    return true
  })
}

/** A world that answers each prompt of a recording with the recorded quality and cost; its prices are unknown. */
export function createTraceWorld(recording: Recording): World {
  const { rows } = recording
  const ids = servedNames(recording.models)
  const models = recording.models.map((name, column) => ({
    id: ids[column] ?? modelId(name),
    name,
    priceUsdPerMillion: null,
    latency: recording.latency,
  }))
  const columns = new Map(models.map((model, column) => [model.id, column]))
  const prompts = rows.map(row => row.prompt)
  const rowsByPrompt = indexPrompts(prompts)
  return {
    name: recording.name,
    models,
    prompts,
    rowOf: prompt => rowsByPrompt.get(prompt) ?? null,
    answer(row, model) {
      const recorded = rows[row]
      const column = columns.get(model)
      const satisfaction = recorded?.scores[column ?? -1]
      const costUsd = recorded?.costsUsd[column ?? -1]
      if (
        recorded === undefined ||
        column === undefined ||
        satisfaction === undefined ||
        costUsd === undefined
      ) {
        throw new RangeError(`row ${row} of ${recording.name} holds no answer of model ${model}`)
      }
      return {
        satisfaction,
        costUsd,
        promptTokens: recorded.promptTokens ?? Math.ceil(recorded.prompt.length / CHARACTERS_PER_TOKEN),
        completionTokens: recorded.completionTokens?.[column] ?? UNCOUNTED_COMPLETION,
        text: recorded.answers?.[column] ?? `The recorded answer of ${model} to row ${row}.`,
      }
    },
  }
}

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '../../src/routing/numeric/random.ts'
import type { Topic } from '../../src/simulation/synthetic-prompts.ts'
import { createSyntheticWorld } from '../../src/simulation/synthetic-world.ts'

/** A model of a development world. */
interface ZooModel {
  readonly name: string
  /** Difficulty at which it satisfies half of the time. */
  readonly ability: number
  /** Mean cost of an answer, USD per 1,000 requests. */
  readonly usdPer1000: number
  readonly talents?: Readonly<Partial<Record<Topic, number>>>
}

interface ZooWorld {
  readonly rows: number
  /** How steeply chances fall with difficulty: low values leave much to luck, as recorded labels do. */
  readonly sharpness: number
  readonly models: readonly ZooModel[]
}

/** Synthetic worlds whose zoos have the awkward shapes of real ones: what is tuned is tuned on these. */
export const developmentWorlds: Readonly<Record<string, ZooWorld>> = {
  // One model costs thirty times the useful ones and adds next to nothing.
  'synthetic-ruinous': {
    rows: 1800,
    sharpness: 4,
    models: [
      { name: 'tiny', ability: 0.42, usdPer1000: 0.03, talents: { support: 0.3, summary: 0.2, law: -0.2 } },
      { name: 'middle', ability: 0.86, usdPer1000: 0.5, talents: { translation: 0.1, arithmetic: -0.15 } },
      { name: 'good', ability: 0.92, usdPer1000: 0.9, talents: { code: 0.1, arithmetic: 0.1 } },
      { name: 'ruinous', ability: 0.98, usdPer1000: 16, talents: { arithmetic: 0.2, planning: 0.1 } },
    ],
  },
  // Many models, most of them dominated, some of them dear and poor.
  'synthetic-crowded': {
    rows: 2800,
    sharpness: 4,
    models: [
      { name: 'small-a', ability: 0.45, usdPer1000: 0.09, talents: { support: 0.15 } },
      { name: 'small-b', ability: 0.6, usdPer1000: 0.12, talents: { code: -0.3, law: 0.1 } },
      { name: 'small-c', ability: 0.7, usdPer1000: 0.25, talents: { summary: 0.2, arithmetic: -0.2 } },
      { name: 'middle-a', ability: 0.72, usdPer1000: 0.4 },
      { name: 'middle-b', ability: 0.62, usdPer1000: 0.45 },
      { name: 'middle-c', ability: 0.78, usdPer1000: 0.6, talents: { code: 0.2 } },
      { name: 'old-a', ability: 0.6, usdPer1000: 1.1 },
      { name: 'old-b', ability: 0.76, usdPer1000: 4 },
      { name: 'old-c', ability: 0.68, usdPer1000: 4.5 },
      { name: 'best', ability: 1.2, usdPer1000: 5 },
    ],
  },
  // Models of a level, all cheap, and one that is better at thirty times the price.
  'synthetic-level': {
    rows: 3600,
    sharpness: 3,
    models: [
      { name: 'level-a', ability: 0.6, usdPer1000: 0.02, talents: { law: 0.15, code: -0.1 } },
      { name: 'level-b', ability: 0.62, usdPer1000: 0.02, talents: { science: 0.15, law: -0.1 } },
      { name: 'level-c', ability: 0.64, usdPer1000: 0.01, talents: { planning: 0.1 } },
      { name: 'level-d', ability: 0.58, usdPer1000: 0.02, talents: { arithmetic: 0.2 } },
      { name: 'level-e', ability: 0.5, usdPer1000: 0.02 },
      { name: 'middle', ability: 0.74, usdPer1000: 0.08 },
      { name: 'best', ability: 0.98, usdPer1000: 1.6 },
    ],
  },
}

/** Writes a development world as a trace and gives its path. */
export function writeWorld(name: string, folder: string): string {
  const zoo = developmentWorlds[name]
  if (zoo === undefined) throw new RangeError(`no development world '${name}'`)
  const world = createSyntheticWorld({ seed: name, rows: zoo.rows })
  const lines = world.prompts.map((prompt, row) => {
    const random = createRandom(`${name}/${row}`)
    const length = Math.exp(0.4 * random.normal()) * (0.5 + world.difficulty(row))
    const scores: Record<string, number> = {}
    const costs: Record<string, number> = {}
    for (const { name: model, ability, usdPer1000, talents } of zoo.models) {
      const margin = ability + (talents?.[world.topic(row)] ?? 0) - world.difficulty(row)
      const chance = 0.02 + 0.96 / (1 + Math.exp(-zoo.sharpness * margin))
      scores[model] = random.next() < chance ? 1 : 0
      costs[model] = (usdPer1000 / 1000) * length * Math.exp(0.3 * random.normal())
    }
    return JSON.stringify({ id: `${name}-${row}`, prompt, scores, costs })
  })
  const path = join(folder, `${name}.jsonl`)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

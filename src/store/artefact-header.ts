import { z } from 'zod'
import { modelId } from '../routing/model.ts'
import type { Artefact } from './artefact.ts'

const price = z.number().nonnegative()
const share = z.number().min(0).max(1)
const model = z.string().min(1).transform(modelId)

const headerSchema = z.strictObject({
  codeVersion: z.string(),
  policy: z.string().min(1),
  parameters: z.record(z.string(), z.number()),
  encoder: z.string().min(1),
  evidence: z.enum(['means', 'tentative', 'full']),
  models: z
    .array(
      z.strictObject({
        id: model,
        priceUsdPerMillion: z
          .strictObject({ input: price, output: price, cachedInput: price.exactOptional() })
          .nullable(),
        typicalCostUsd: price.nullable(),
      }),
    )
    .min(1),
  training: z.strictObject({
    trace: z.string(),
    rows: z.int().nonnegative(),
    fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
    satisfiedAt: z.number().nullable(),
    seed: z.int().nullable(),
  }),
  learned: z.array(
    z.strictObject({
      id: model,
      satisfaction: share,
      costUsd: price,
      brier: z.number().nullable(),
      ece: z.number().nullable(),
    }),
  ),
  prices: z.array(z.strictObject({ priceUsd: price, satisfaction: share, costUsd: price })),
  certified: z
    .array(
      z.strictObject({
        floor: share,
        delta: share,
        askFor: share,
        priceUsd: price.nullable(),
        costUsd: price,
        labels: z.int().nonnegative(),
        failures: price,
        pValue: share,
        wish: z.strictObject({ floor: share, labelsNeeded: z.int().nonnegative().nullable() }).nullable(),
        split: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .exactOptional(),
  snapshot: z.strictObject({ policy: z.string(), schema: z.int(), byteLength: z.int().nonnegative() }),
})

/** Everything of an artefact but the bytes of its state. */
export type ArtefactHeader = Omit<Artefact, 'snapshot'> & {
  readonly snapshot: { readonly policy: string; readonly schema: number; readonly byteLength: number }
}

/** The header as it is written: the order of its keys is fixed. */
export function headerOf(artefact: Artefact): ArtefactHeader {
  const { policy, schema, bytes } = artefact.snapshot
  return {
    codeVersion: artefact.codeVersion,
    policy: artefact.policy,
    parameters: Object.fromEntries(Object.entries(artefact.parameters).sort(([a], [b]) => (a < b ? -1 : 1))),
    encoder: artefact.encoder,
    evidence: artefact.evidence,
    models: artefact.models.map(({ id, priceUsdPerMillion, typicalCostUsd }) => ({
      id,
      priceUsdPerMillion,
      typicalCostUsd,
    })),
    training: {
      trace: artefact.training.trace,
      rows: artefact.training.rows,
      fingerprint: artefact.training.fingerprint,
      satisfiedAt: artefact.training.satisfiedAt,
      seed: artefact.training.seed,
    },
    learned: artefact.learned.map(({ id, satisfaction, costUsd, brier, ece }) => ({
      id,
      satisfaction,
      costUsd,
      brier,
      ece,
    })),
    prices: artefact.prices.map(({ priceUsd, satisfaction, costUsd }) => ({
      priceUsd,
      satisfaction,
      costUsd,
    })),
    ...(artefact.certified === undefined ? {} : { certified: artefact.certified }),
    snapshot: { policy, schema, byteLength: bytes.length },
  }
}

/** Reads a header; throws an Error that names the first field at fault. */
export function parseHeader(text: string): ArtefactHeader {
  const parsed = headerSchema.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`)
}

import { ByteReader, type ByteWriter } from '../numeric/byte-codec.ts'
import type { CrossFittedPredictions, PolicySnapshot, TrainingRows } from '../policy.ts'
import { Beliefs } from '../predict/beliefs.ts'
import { PromptReader, type PromptView } from '../predict/prompt-reader.ts'
import { type TrainedReader, trainReader } from '../predict/train-batch.ts'
import { ChangeTest } from '../price/change-test.ts'
import { WINDOW } from '../price/planning-window.ts'
import { type PriceTable, readPriceTable, tabulatePrices, writePriceTable } from '../price/price-table.ts'
import type { PlimsollParameters } from './plimsoll-parameters.ts'

/** What all SLA classes of one policy instance have in common. */
export interface PlimsollSetup {
  readonly parameters: PlimsollParameters
  /** Share of the decisions that may be audited, in [0, 1]. */
  readonly auditBudget: number
  readonly beliefs: Beliefs
  readonly change: ChangeTest
  /** What prices bought on the training rows; `null` on a cold start. */
  readonly table: PriceTable | null
  /** Training prompts with cross-fitted predictions: stand in for requests until there are enough. */
  readonly seeds: readonly PromptView[]
}

/** The part that training makes and snapshots keep; the audit budget belongs to the configuration. */
export type Trainable = Omit<PlimsollSetup, 'auditBudget'>

/** Nothing known but the models' price lists. */
export function coldSetup(parameters: PlimsollParameters): Trainable {
  const beliefs = new Beliefs(priorMeans(parameters), PromptReader.blank())
  return { parameters, beliefs, change: changeTest(parameters), table: null, seeds: [] }
}

/** Trained on fully labelled rows. */
export function warmSetup(
  parameters: PlimsollParameters,
  rows: TrainingRows,
  onTrained?: (predictions: CrossFittedPredictions) => void,
): Trainable {
  const trained = trainReader(rows)
  onTrained?.({ satisfaction: trained.satisfaction, costUsd: trained.costUsd })
  const beliefs = new Beliefs(priorMeans(parameters), trained.reader)
  beliefs.meet(rows.models)
  const sample = {
    requests: rows.features.length,
    models: rows.models.length,
    satisfaction: trained.satisfaction,
    costUsd: trained.costUsd,
  }
  const table = tabulatePrices(sample, rows.satisfaction)
  return { parameters, beliefs, change: changeTest(parameters), table, seeds: seedViews(rows, trained) }
}

/** The first training rows, as many as a planning window holds, as if they had been requests. */
function seedViews(rows: TrainingRows, trained: TrainedReader): PromptView[] {
  const width = rows.models.length
  return rows.features.slice(0, WINDOW).map((features, i) => ({
    ...trained.reader.read(features, rows.promptTokens[i] ?? 0),
    trained: Float32Array.from(trained.satisfaction.subarray(i * width, (i + 1) * width)),
    trainedCostsUsd: Float32Array.from(trained.costUsd.subarray(i * width, (i + 1) * width)),
  }))
}

function priorMeans(parameters: PlimsollParameters): { readonly cold: number; readonly newcomer: number } {
  return { cold: parameters.coldMean, newcomer: parameters.newcomerMean }
}

function changeTest({ changeSlack, changeThreshold }: PlimsollParameters): ChangeTest {
  return new ChangeTest({ slack: changeSlack, threshold: changeThreshold })
}

/** Writes everything but the parameters, which belong to the configuration. */
export function writeSetup(writer: ByteWriter, setup: Trainable): void {
  setup.beliefs.write(writer)
  setup.change.write(writer)
  writer.flag(setup.table !== null)
  if (setup.table !== null) writePriceTable(setup.table, writer)
  writer.list(setup.seeds, ({ x, promptTokens, trained, trainedCostsUsd }) => {
    writer.array(x)
    writer.number(promptTokens)
    writer.array(trained)
    writer.array(trainedCostsUsd)
  })
}

/** Reads what `writeSetup` wrote. */
export function readSetup(reader: ByteReader, parameters: PlimsollParameters): Trainable {
  const beliefs = Beliefs.read(reader, priorMeans(parameters))
  const { changeSlack, changeThreshold } = parameters
  const change = ChangeTest.read(reader, { slack: changeSlack, threshold: changeThreshold })
  const table = reader.flag() ? readPriceTable(reader) : null
  const seeds = reader.list(() => ({
    x: reader.float32(),
    promptTokens: reader.number(),
    trained: reader.float32(),
    trainedCostsUsd: reader.float32(),
  }))
  return { parameters, beliefs, change, table, seeds }
}

/** The bytes of a snapshot that this policy wrote in this schema; throws for any other. */
export function openSnapshot(snapshot: PolicySnapshot, policy: string, schema: number): ByteReader {
  if (snapshot.policy !== policy || snapshot.schema !== schema) {
    throw new RangeError(
      `the snapshot was written by ${snapshot.policy} in schema ${snapshot.schema}, but ${policy} reads its own in schema ${schema}; fold the event log from its beginning instead`,
    )
  }
  return new ByteReader(snapshot.bytes)
}

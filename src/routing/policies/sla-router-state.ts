import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { PolicyParameter, PolicySetup, TrainingRows } from '../policy.ts'
import { Beliefs } from '../predict/beliefs.ts'
import { PromptReader } from '../predict/prompt-reader.ts'
import { trainReader } from '../predict/train-batch.ts'
import { type PriceTable, readPriceTable, tabulatePrices, writePriceTable } from '../price/price-table.ts'
import { resolveParameters } from './parameters.ts'

/** Name of the policy in snapshots and configurations. */
export const slaRouterName = 'sla-router'
/** Format of its snapshots. */
export const slaRouterSchema = 1

/** What can be adjusted. Nothing of it depends on prompts, models or units of cost. */
export const slaRouterParameters = [
  {
    name: 'c',
    default: 0.2,
    min: 0,
    max: 1000,
    meaning: 'exploration: its probability is min(1, c / t^(1/4)) at the t-th decision of a class',
  },
  {
    name: 'kappa',
    default: 1,
    min: 1e-3,
    max: 100,
    meaning: 'first step of the price, in scales per unit of shortfall; doubled where users praise as well',
  },
  {
    name: 'leastStep',
    default: 0.005,
    min: 1e-6,
    max: 1,
    meaning: 'least step of the price, in the same unit; doubled where users praise as well',
  },
  {
    name: 'trustedRate',
    default: 0,
    min: 0,
    max: 1,
    meaning:
      'share of unsatisfied users who complain, where somebody knows it; 0: unknown, to be estimated from audits',
  },
  {
    name: 'trustedLabels',
    default: 300,
    min: 0,
    max: 1e9,
    meaning: 'audits after which a cold start stops leaning on the proven model where users never praise',
  },
  {
    name: 'complaints',
    default: 1,
    min: 0,
    max: 1,
    meaning:
      '1: the predictor learns from complaints and silence as well, once a rate is known; 0: from labels only',
  },
  {
    name: 'repay',
    default: 1,
    min: 0,
    max: 1,
    meaning: '1: debt is repaid where users praise as well; 0: the price alone keeps the floor',
  },
] as const satisfies readonly PolicyParameter[]

/** Values of the parameters. */
export type SlaRouterSettings = ReturnType<typeof resolveParameters<typeof slaRouterParameters>>

/** What all SLA classes of one instance have in common. */
export interface SlaRouterShared {
  readonly settings: SlaRouterSettings
  readonly auditBudget: number
  readonly beliefs: Beliefs
  /** What prices bought on the training rows; `null` on a cold start. */
  readonly table: PriceTable | null
  /** Training rows behind the table. */
  readonly rows: number
}

/** Predicted satisfaction before the first label, and of a model that joins a trained zoo. */
const PRIOR_MEANS = { cold: 0.8, newcomer: 0.7 }

/** Nothing learned yet, or what training rows teach. */
export function startSlaRouter(setup: PolicySetup): SlaRouterShared {
  const settings = resolveParameters(slaRouterName, slaRouterParameters, setup.parameters)
  const { auditBudget, training } = setup
  if (training === null) {
    return {
      settings,
      auditBudget,
      beliefs: new Beliefs(PRIOR_MEANS, PromptReader.blank()),
      table: null,
      rows: 0,
    }
  }
  return { settings, auditBudget, ...trained(training, setup.onTrained) }
}

function trained(
  rows: TrainingRows,
  onTrained: PolicySetup['onTrained'],
): Pick<SlaRouterShared, 'beliefs' | 'table' | 'rows'> {
  const { reader, satisfaction, costUsd } = trainReader(rows)
  onTrained?.({ satisfaction, costUsd })
  const beliefs = new Beliefs(PRIOR_MEANS, reader)
  beliefs.meet(rows.models)
  const sample = { requests: rows.features.length, models: rows.models.length, satisfaction, costUsd }
  return { beliefs, table: tabulatePrices(sample, rows.satisfaction), rows: sample.requests }
}

/** Writes everything but parameters and budget, which belong to the configuration. */
export function writeShared({ beliefs, table, rows }: SlaRouterShared, writer: ByteWriter): void {
  writer.count(rows)
  beliefs.write(writer)
  writer.flag(table !== null)
  if (table !== null) writePriceTable(table, writer)
}

/** Reads what `writeShared` wrote. */
export function readShared(reader: ByteReader, setup: PolicySetup): SlaRouterShared {
  const settings = resolveParameters(slaRouterName, slaRouterParameters, setup.parameters)
  const rows = reader.count()
  const beliefs = Beliefs.read(reader, PRIOR_MEANS)
  return {
    settings,
    auditBudget: setup.auditBudget,
    beliefs,
    table: reader.flag() ? readPriceTable(reader) : null,
    rows,
  }
}

import type { TrainingCurve } from '../../routing/policy.ts'
import { evidenceAdvice } from '../../routing/predict/evidence.ts'
import type { Artefact } from '../../store/artefact.ts'
import { certificateRemarks } from './certification.ts'

/** What one training came to. */
export interface TrainingResult {
  readonly artefact: Artefact
  readonly path: string
  /** Size of the file. */
  readonly bytes: number
  /** Wall time of the training alone. */
  readonly seconds: number
  /** `null` from a policy that is trained at one go. */
  readonly curve: TrainingCurve | null
}

/** The JSON object that `--json` writes. */
export function trainingJson({ artefact, path, bytes, seconds, curve }: TrainingResult): string {
  const { training, learned, prices, policy, parameters, encoder, codeVersion } = artefact
  const models = learned.map(({ id, ...figures }) => ({ model: id, ...figures }))
  const { evidence } = artefact
  const certified = artefact.certified === undefined ? {} : { certified: artefact.certified }
  const about = { policy, parameters, encoder, evidence, codeVersion, ...certified }
  return JSON.stringify({
    ...training,
    ...about,
    models,
    prices,
    artefact: path,
    bytes,
    seconds,
    ...(curve === null ? {} : { curve }),
  })
}

/** What was learned, for people. */
export function trainingTable({ artefact, path, bytes, seconds }: TrainingResult): string {
  const { training, learned, prices, policy, encoder, evidence } = artefact
  const figure = (value: number | null, digits: number): string =>
    value === null ? '-' : value.toFixed(digits)
  const rows = learned.map(model => [
    model.id,
    figure(model.satisfaction, 4),
    figure(model.costUsd * 1000, 4),
    figure(model.brier, 4),
    figure(model.ece, 4),
  ])
  const order = training.seed === null ? 'in the order of the file' : `in the order of seed ${training.seed}`
  return [
    `${policy} on ${training.trace}: ${training.rows} rows ${order}, features of ${encoder}`,
    `evidence: ${evidence}; ${evidenceAdvice(evidence)}`,
    '',
    ...aligned([['model', 'satisfaction', 'USD/1000', 'Brier', 'ECE'], ...rows]),
    '',
    ...(prices.length === 0 ? [] : [...priceLines(artefact), '']),
    ...certificateRemarks(artefact),
    ...(artefact.certified === undefined ? [] : ['']),
    `${seconds.toFixed(1)} s of training; ${path}: ${(bytes / 1e6).toFixed(2)} MB`,
    ...(prices.length === 0 ? [] : [legend]),
    '',
  ].join('\n')
}

const legend = 'Brier, ECE and what a price buys: of predictions for rows that were left out of the training.'

function priceLines({ prices }: Artefact): readonly string[] {
  const rows = prices.map(point => [
    point.priceUsd.toPrecision(3),
    point.satisfaction.toFixed(4),
    (point.costUsd * 1000).toFixed(4),
  ])
  return aligned([['price in USD', 'satisfaction', 'USD/1000'], ...rows])
}

/** First column to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows.map(row =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}

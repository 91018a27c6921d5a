import type { TokenPrices } from '../routing/model.ts'
import type { AuditsDocument } from './audits-schema.ts'
import type { ConfigFault } from './config-check.ts'
import type { ConfigDocument } from './config-schema.ts'
import { createSecret, type Secret } from './secret.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Calls that a judge is reached by. */
interface CalledJudge {
  readonly apiKey: Secret | null
  readonly timeoutMs: number
  readonly maxAttempts: number
}

/** Who judges. `costUsd` is what one audit costs where it is not metered. */
export type JudgeConfig = { readonly costUsd: number } & (
  | (CalledJudge & {
      readonly kind: 'model'
      readonly baseUrl: string
      readonly model: string
      readonly rubric: string
      readonly parameters: Readonly<Record<string, unknown>>
      readonly prices: TokenPrices | null
    })
  | (CalledJudge & { readonly kind: 'http'; readonly url: string })
  | { readonly kind: 'human' }
)

/** The audits of one class. */
export interface AuditsConfig {
  readonly judge: JudgeConfig
  /** `null`: no limit. */
  readonly usdPerDay: number | null
  readonly humanShare: number
  readonly concurrency: number
  readonly maxWaiting: number
  readonly deadlineMs: number
  readonly keepMs: number
  readonly maxTranscriptBytes: number
}

/** Builds what a class states of its audits; `null` where it states nothing. */
export function buildAudits(
  document: AuditsDocument | undefined,
  environment: Environment,
): AuditsConfig | null {
  if (document === undefined) return null
  const { judge, usdPerDay, ...rest } = document
  return { ...rest, usdPerDay: usdPerDay ?? null, judge: buildJudge(judge, environment) }
}

function buildJudge(judge: AuditsDocument['judge'], environment: Environment): JudgeConfig {
  if (judge.kind === 'human') return judge
  const { apiKeyEnv, ...rest } = judge
  const key = apiKeyEnv === undefined ? undefined : environment[apiKeyEnv]
  const apiKey = key === undefined ? null : createSecret(key)
  if (rest.kind === 'http') return { ...rest, apiKey }
  const { priceUsdPerMillion, ...model } = rest
  return { ...model, apiKey, prices: priceUsdPerMillion === undefined ? null : pricesOf(priceUsdPerMillion) }
}

function pricesOf(
  stated: NonNullable<Extract<AuditsDocument['judge'], { readonly kind: 'model' }>['priceUsdPerMillion']>,
): TokenPrices {
  const { input, output, cachedInput } = stated
  return { input, output, ...(cachedInput === undefined ? {} : { cachedInput }) }
}

/** Humans take longer than a day: a label is waited for as long as an answer is kept for them. `undefined` without humans. */
export function humanDeadlineMs(audits: AuditsDocument | undefined): number | undefined {
  if (audits === undefined || (audits.judge.kind !== 'human' && audits.humanShare === 0)) return undefined
  return audits.keepMs
}

/** What must be the same for the audits of a class to go on as they are, keys included. */
export function auditsIdentity(audits: AuditsConfig): string {
  const { judge } = audits
  return JSON.stringify([audits, judge.kind === 'human' ? null : (judge.apiKey?.reveal() ?? null)])
}

/** Budgets without a judge, judges without a budget, and what a judge lacks. */
export function* checkAudits(document: ConfigDocument, environment: Environment): Generator<ConfigFault> {
  for (const [i, { audits, auditBudget }] of document.classes.entries()) {
    const path = `classes[${i}]`
    if (audits === undefined) {
      if (auditBudget > 0)
        yield {
          path: `${path}.audits`,
          message: `auditBudget is ${auditBudget}, but nobody would judge; name a judge: {judge: {kind: model | http | human, …}}`,
        }
      continue
    }
    if (auditBudget === 0)
      yield {
        path: `${path}.auditBudget`,
        message: 'it is 0, so that nothing would be audited; give the share of answers, for example 0.05',
      }
    yield* checkJudge(audits, `${path}.audits`, environment)
  }
}

function* checkJudge(
  { judge, humanShare, usdPerDay }: AuditsDocument,
  path: string,
  environment: Environment,
): Generator<ConfigFault> {
  if (judge.kind === 'human') {
    if (humanShare > 0)
      yield {
        path: `${path}.humanShare`,
        message: `${humanShare} was given, but humans judge everything here; leave it out`,
      }
    return
  }
  const variable = judge.apiKeyEnv
  if (variable !== undefined && (environment[variable] ?? '') === '')
    yield {
      path: `${path}.judge.apiKeyEnv`,
      message: `the environment variable ${variable} is not set; set it to the key of the judge, or leave apiKeyEnv out`,
    }
  if (judge.kind !== 'model' || usdPerDay === undefined) return
  if (judge.priceUsdPerMillion === undefined && judge.costUsd === 0)
    yield {
      path: `${path}.usdPerDay`,
      message:
        'it could never be spent: the judge has no price; give priceUsdPerMillion, or costUsd of one audit',
    }
}

import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import type * as z from 'zod'
import type { Capability, WireProtocol } from '../inference/inference-request.ts'
import { type ModelId, type ModelSpec, modelId } from '../routing/model.ts'
import { readsNgrams } from '../routing/policies/registry.ts'
import type { SlaClass } from '../routing/sla.ts'
import type { BreakerOptions } from '../upstream/circuit-breaker.ts'
import type { CallTimeouts } from '../upstream/upstream.ts'
import { type AuditsConfig, buildAudits, humanDeadlineMs } from './audits-config.ts'
import { type ConfigFault, crossCheck, modelNames, pathText, policyName } from './config-check.ts'
import { type ConfigDocument, configSchema } from './config-schema.ts'
import { policyKey } from './policy-key.ts'
import { createSecret, type Secret } from './secret.ts'

/** One model that the gateway may call. */
export interface ModelConfig {
  readonly spec: ModelSpec
  readonly provider: string
  readonly protocol: WireProtocol
  readonly baseUrl: string
  readonly upstreamModel: string
  readonly apiKey: Secret | null
  /** Tokens of prompt and answer together; `null` when unstated: no request is ruled out for its length. */
  readonly contextWindow: number | null
  readonly maxOutputTokens: number | null
  readonly capabilities: ReadonlySet<Capability>
  readonly timeoutMs: CallTimeouts
  readonly maxAttempts: number
  readonly streamUsage: boolean
}

/** The semantic encoder beside the n-grams, and how long a request waits for it. */
export type EncoderConfig = {
  readonly timeoutMs: number
  readonly maxInFlight: number
  readonly failures: number
  readonly coolDownMs: number
} & (
  | {
      readonly kind: 'embeddings'
      readonly baseUrl: string
      readonly model: string
      readonly apiKey: Secret | null
      readonly dimensions: number
    }
  | { readonly kind: 'onnx'; readonly folder: string; readonly pooling: 'mean' | 'cls' }
)

/** One SLA class and who keeps its promise. */
export interface ClassConfig {
  readonly sla: SlaClass
  readonly policy: string
  readonly policyParameters: Readonly<Record<string, number>>
  readonly auditBudget: number
  /** Who judges; `null` where nothing is audited. */
  readonly audits: AuditsConfig | null
  /** Names the policy instance: classes with the same policy, parameters and audit budget share one. */
  readonly policyInstance: string
  /** The policy reads n-grams: they are counted for requests of this class, and of no other. */
  readonly readsNgrams: boolean
  /** How long users may speak before their silence is logged; `null` where nobody ever speaks. */
  readonly feedbackWindowMs: number | null
  /** The models that may serve the class. */
  readonly models: ReadonlySet<ModelId>
}

/** One client's key; the key itself is not known, only its hash. */
export interface KeyConfig {
  readonly name: string
  readonly sha256: Buffer
  /** The classes that the key may ask for; `null`: all. */
  readonly classes: ReadonlySet<string> | null
  readonly defaultClass: string | null
  readonly floors: { readonly min: number; readonly max: number } | null
  readonly pinned: boolean
}

/** Everything the operator states, checked and frozen. */
export interface GatewayConfig {
  readonly listen: {
    readonly host: string
    readonly port: number
    readonly adminHost: string
    readonly admin: number
  }
  readonly store: string
  /** `null`: prompts are read by their n-grams alone. */
  readonly encoder: EncoderConfig | null
  readonly models: readonly ModelConfig[]
  readonly classes: readonly ClassConfig[]
  readonly defaultClass: string
  readonly aliases: ReadonlyMap<string, string>
  readonly keys: readonly KeyConfig[]
  readonly limits: ConfigDocument['limits']
  readonly breaker: BreakerOptions
  readonly signals: ConfigDocument['signals']
  readonly log: { readonly requests: boolean }
}

export type ConfigResult =
  | { readonly ok: true; readonly config: GatewayConfig }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

export type Environment = Readonly<Record<string, string | undefined>>

const DEFAULT_TIMEOUTS: CallTimeouts = { connect: 5_000, firstToken: 60_000, total: 600_000 }

/**
 * A certificate passes decisions in their order, so one that is never spoken of holds it up until its window closes.
 * Where only complaints count, silence needs longer before it means anything.
 */
const DEFAULT_WINDOW_MS: Readonly<Record<'chosen' | 'sparse' | 'one-sided' | 'none', number | null>> = {
  chosen: 3_600_000,
  sparse: 3_600_000,
  'one-sided': 86_400_000,
  none: null,
}

/** Reads and checks a configuration file; every fault is reported at once. */
export function readConfigFile(path: string, environment: Environment): ConfigResult {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
    return { ok: false, faults: [{ path, message: `the file cannot be read (${reason})` }] }
  }
  const document = parseDocument(text, { prettyErrors: true })
  if (document.errors.length > 0)
    return {
      ok: false,
      faults: document.errors.map(error => ({ path, message: `not valid YAML: ${error.message}` })),
    }
  return parseConfig(document.toJS(), environment)
}

/** Checks a configuration document, as plain objects, and gives the frozen configuration or every fault in it. */
export function parseConfig(document: unknown, environment: Environment): ConfigResult {
  const parsed = configSchema.safeParse(document, { reportInput: true })
  if (!parsed.success) {
    const faults = parsed.error.issues.flatMap(faultsOf)
    return { ok: false, faults }
  }
  const faults = crossCheck(parsed.data, environment)
  if (faults.length > 0) return { ok: false, faults }
  return { ok: true, config: deepFreeze(build(parsed.data, environment)) }
}

function faultsOf(issue: z.core.$ZodIssue): readonly ConfigFault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => ({
      path: pathText([...issue.path, key]),
      message: 'there is no such key; remove it or correct its name',
    }))
  return [{ path: pathText(issue.path), message: `${issue.message}${given(issue.input)}` }]
}

/** The value at fault, where it is short and plain. Lists and objects would bury the message. */
function given(value: unknown): string {
  if (value === undefined) return ' (nothing was given)'
  if (typeof value === 'object' && value !== null) return ''
  return ` (${JSON.stringify(value)} was given)`
}

function build(document: ConfigDocument, environment: Environment): GatewayConfig {
  const names = modelNames(document)
  const models = document.models.map(model => buildModel(model, environment))
  return {
    listen: document.listen,
    store: document.store,
    encoder: document.encoder === undefined ? null : buildEncoder(document.encoder, environment),
    models,
    classes: document.classes.map(entry => ({
      ...buildClass(entry, models, names),
      audits: buildAudits(entry.audits, environment),
    })),
    defaultClass: document.defaultClass ?? document.classes[0]?.name ?? '',
    aliases: new Map(Object.entries(document.aliases)),
    keys: document.keys.map(key => ({
      name: key.name,
      sha256: Buffer.from(key.sha256, 'hex'),
      classes: key.classes === undefined ? null : new Set(key.classes),
      defaultClass: key.defaultClass ?? null,
      floors: key.floors ?? null,
      pinned: key.pinned,
    })),
    limits: document.limits,
    breaker: document.breaker,
    signals: document.signals,
    log: document.log,
  }
}

function buildModel(model: ConfigDocument['models'][number], environment: Environment): ModelConfig {
  const key = model.apiKeyEnv === undefined ? undefined : environment[model.apiKeyEnv]
  const prices = model.priceUsdPerMillion
  return {
    spec: {
      id: modelId(`${model.provider}/${model.id}`),
      priceUsdPerMillion:
        prices === undefined
          ? null
          : {
              input: prices.input,
              output: prices.output,
              ...(prices.cachedInput === undefined ? {} : { cachedInput: prices.cachedInput }),
            },
      typicalCostUsd: model.typicalCostUsd ?? null,
    },
    provider: model.provider,
    protocol: model.protocol,
    baseUrl: model.baseUrl,
    upstreamModel: model.upstreamModel ?? model.id,
    apiKey: key === undefined ? null : createSecret(key),
    contextWindow: model.contextWindow ?? null,
    maxOutputTokens: model.maxOutputTokens ?? null,
    capabilities: new Set(model.capabilities),
    timeoutMs: {
      connect: model.timeoutMs?.connect ?? DEFAULT_TIMEOUTS.connect,
      firstToken: model.timeoutMs?.firstToken ?? DEFAULT_TIMEOUTS.firstToken,
      total: model.timeoutMs?.total ?? DEFAULT_TIMEOUTS.total,
    },
    maxAttempts: model.maxAttempts,
    streamUsage: model.streamUsage,
  }
}

function buildEncoder(
  encoder: NonNullable<ConfigDocument['encoder']>,
  environment: Environment,
): EncoderConfig {
  if (encoder.kind === 'onnx') return encoder
  const { apiKeyEnv, ...rest } = encoder
  const key = apiKeyEnv === undefined ? undefined : environment[apiKeyEnv]
  return { ...rest, apiKey: key === undefined ? null : createSecret(key) }
}

function buildClass(
  entry: ConfigDocument['classes'][number],
  models: readonly ModelConfig[],
  names: ReadonlyMap<string, string>,
): Omit<ClassConfig, 'audits'> {
  const resolve = (name: string): ModelId => modelId(names.get(name) ?? name)
  const { floor, delta, window, promise } = entry.satisfaction
  const auditDeadline = entry.auditDeadline ?? humanDeadlineMs(entry.audits)
  const policy = policyName(entry.policy, names)
  return {
    sla: {
      name: entry.name,
      floor,
      ...(entry.floors === undefined ? {} : { floors: entry.floors }),
      feedback: entry.feedback.kind,
      promise,
      delta,
      ...(window === undefined ? {} : { windowMs: window }),
      ...(auditDeadline === undefined ? {} : { auditDeadlineMs: auditDeadline }),
      ...(entry.proven === undefined ? {} : { proven: resolve(entry.proven) }),
    },
    policy,
    policyParameters: entry.policyParameters,
    auditBudget: entry.auditBudget,
    policyInstance: policyKey({ ...entry, policy }),
    readsNgrams: readsNgrams(policy),
    feedbackWindowMs: entry.feedback.windowMs ?? DEFAULT_WINDOW_MS[entry.feedback.kind],
    models: new Set(entry.models?.map(resolve) ?? models.map(model => model.spec.id)),
  }
}

/** Freezes plain objects and arrays all the way down; buffers, sets and maps are only read by their types. */
function deepFreeze<T>(value: T): T {
  const plain =
    Array.isArray(value) ||
    (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
  if (!plain) return value
  for (const entry of Object.values(value)) deepFreeze(entry)
  return Object.freeze(value)
}

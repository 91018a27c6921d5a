import * as z from 'zod'
import { CAPABILITIES } from '../inference/inference-request.ts'
import { auditsSchema } from './audits-schema.ts'

const price = z.number().min(0)
const openUnit = z.number().gt(0).lt(1)
const milliseconds = z.int().min(1).max(86_400_000)
const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
/** `30d`, `12h`, `90m`, or a number of milliseconds. */
const duration = z
  .union([z.number(), z.string()])
  .refine(
    given =>
      typeof given === 'number'
        ? Number.isInteger(given) && given >= 1
        : /^[1-9]\d*(ms|[smhdw])$/.test(given),
    { error: 'must be a time such as 30d, 12h or 90m, or a whole number of milliseconds' },
  )
  .transform(given => {
    if (typeof given === 'number') return given
    return Number.parseInt(given, 10) * (unitsMs[given.replace(/^\d+/, '')] ?? Number.NaN)
  })
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be letters, digits, dots, dashes or underscores')
const port = z.int().min(0).max(65_535)

const timeouts = z.strictObject({
  connect: milliseconds.optional(),
  firstToken: milliseconds.optional(),
  total: milliseconds.optional(),
})

const model = z.strictObject({
  id: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._:/-]*$/,
      'must be letters, digits, dots, dashes, colons, slashes or underscores',
    )
    .describe('The model as clients see it, after the provider and a slash'),
  provider: name,
  protocol: z.enum(['openai']).default('openai'),
  baseUrl: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  upstreamModel: z.string().min(1).optional().describe("The model's name at the provider; by default its id"),
  apiKeyEnv: z.string().min(1).optional().describe('The environment variable that holds the key'),
  priceUsdPerMillion: z
    .strictObject({ input: price, output: price, cachedInput: price.optional() })
    .optional(),
  typicalCostUsd: price.optional().describe('Mean cost of one request, where it is known from elsewhere'),
  contextWindow: z.int().min(1).optional(),
  maxOutputTokens: z.int().min(1).optional(),
  capabilities: z.array(z.enum(CAPABILITIES)).default([]),
  timeoutMs: timeouts.optional(),
  maxAttempts: z.int().min(1).max(10).default(2).describe('Calls per request, the first included'),
  streamUsage: z.boolean().default(true).describe('Whether streams may be asked to end with their usage'),
})

const serviceClass = z.strictObject({
  name,
  satisfaction: z.strictObject({
    floor: openUnit,
    delta: openUnit.default(0.05),
    window: duration
      .optional()
      .describe('The promise holds in each window of this length, counted from the first request'),
    promise: z
      .enum(['on-average', 'certified'])
      .default('on-average')
      .describe('Hold the floor on average, or aim above it by what a certificate with error delta needs'),
  }),
  feedback: z
    .strictObject({
      kind: z.enum(['chosen', 'sparse', 'one-sided', 'none']),
      windowMs: z.int().min(1).optional(),
    })
    .default({ kind: 'chosen' }),
  policy: z.string().min(1).default('plimsoll'),
  policyParameters: z.record(z.string(), z.number()).default({}),
  auditBudget: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Share of the answers that may be audited; needs a judge (audits)'),
  auditDeadline: duration
    .optional()
    .describe(
      'A drawn audit without a label after this time counts as unsatisfied; by default a day, with humans keepMs',
    ),
  audits: auditsSchema.optional(),
  proven: z
    .string()
    .min(1)
    .optional()
    .describe('A model known to keep the floor, as provider/model or its id'),
  floors: z.strictObject({ min: openUnit, max: openUnit }).optional(),
  models: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('The models that may serve the class; by default all'),
})

const fallback = {
  timeoutMs: milliseconds.default(100).describe('How long a request waits for its embedding'),
  maxInFlight: z
    .int()
    .min(1)
    .max(10_000)
    .default(64)
    .describe('Prompts under way at once; more are routed by n-grams'),
  failures: z.int().min(1).default(5).describe('Failures in a row after which it counts as down'),
  coolDownMs: milliseconds.default(10_000).describe('Time between two attempts while it is down'),
}

const encoder = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('embeddings'),
    baseUrl: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
    model: z.string().min(1),
    apiKeyEnv: z.string().min(1).optional().describe('The environment variable that holds the key'),
    dimensions: z.int().min(1).max(65_536).describe("Length of the model's vectors"),
    ...fallback,
  }),
  z.strictObject({
    kind: z.literal('onnx'),
    folder: z.string().min(1),
    pooling: z.enum(['mean', 'cls']).default('mean'),
    ...fallback,
  }),
])

const key = z.strictObject({
  name,
  sha256: z
    .string({ error: 'must be a string; put the digits in quotes' })
    .regex(/^[0-9a-fA-F]{64}$/, 'must be the 64 hexadecimal digits of a SHA-256'),
  classes: z.array(z.string().min(1)).min(1).optional(),
  defaultClass: z.string().min(1).optional(),
  floors: z.strictObject({ min: openUnit, max: openUnit }).optional(),
  pinned: z.boolean().default(true).describe('Whether the key may name a model directly'),
})

/** The configuration file, as written. */
export const configSchema = z.strictObject({
  listen: z
    .strictObject({
      port: port.default(4000),
      host: z.string().min(1).default('127.0.0.1'),
      admin: port.default(4001),
      adminHost: z.string().min(1).default('127.0.0.1'),
    })
    .prefault({}),
  store: z
    .string()
    .regex(/^(sqlite:.+|memory:)$/, 'must be sqlite:FILE or memory:')
    .default('sqlite:plimsoll.db'),
  encoder: encoder.optional(),
  models: z.array(model).min(1),
  classes: z.array(serviceClass).min(1),
  defaultClass: z.string().min(1).optional(),
  aliases: z
    .record(z.string().min(1), z.string().min(1))
    .default({})
    .describe('Further model names, each bound to a class'),
  keys: z.array(key).default([]),
  limits: z
    .strictObject({
      bodyBytes: z
        .int()
        .min(1024)
        .default(20 * 1024 * 1024),
      headersMs: milliseconds.default(10_000),
      requestMs: milliseconds.default(60_000),
      shutdownMs: milliseconds.default(10_000),
      feedbackMs: z
        .int()
        .min(1)
        .default(7 * 86_400_000),
    })
    .prefault({}),
  breaker: z
    .strictObject({ failures: z.int().min(1).default(5), coolDownMs: milliseconds.default(10_000) })
    .prefault({}),
  signals: z
    .strictObject({
      enabled: z.boolean().default(true),
      windowMs: milliseconds
        .default(600_000)
        .describe('How soon a repeated request says something of the answer before'),
    })
    .prefault({})
    .describe('What users tell without saying it: regenerated and abandoned answers, rephrased requests'),
  log: z.strictObject({ requests: z.boolean().default(true) }).prefault({}),
})

export type ConfigDocument = z.output<typeof configSchema>

/** JSON Schema of the configuration file, for editors. */
export function configJsonSchema(): unknown {
  return z.toJSONSchema(configSchema, { io: 'input' })
}

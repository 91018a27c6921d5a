import * as z from 'zod'
import { USUAL_RUBRIC } from '../audit/judging-request.ts'

const dollars = z.number().min(0)
const milliseconds = z.int().min(1).max(86_400_000)
const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })

const called = {
  apiKeyEnv: z.string().min(1).optional().describe('The environment variable that holds the key'),
  timeoutMs: milliseconds.default(20_000).describe('Of one call'),
  maxAttempts: z.int().min(1).max(10).default(2).describe('Calls per audit, the first included'),
}
const costUsd = dollars.default(0).describe('What one audit costs, where the judge does not meter it')

const judge = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('model'),
    baseUrl: url,
    model: z.string().min(1).describe("The model's name at its endpoint"),
    rubric: z.string().min(1).max(20_000).default(USUAL_RUBRIC).describe('When an answer satisfies'),
    parameters: z
      .record(z.string(), z.unknown())
      .default({ temperature: 0, max_tokens: 300 })
      .describe('Further fields of the request'),
    priceUsdPerMillion: z
      .strictObject({ input: dollars, output: dollars, cachedInput: dollars.optional() })
      .optional(),
    costUsd,
    ...called,
  }),
  z.strictObject({ kind: z.literal('http'), url, costUsd, ...called }),
  z.strictObject({ kind: z.literal('human'), costUsd }),
])

/** Who judges the audited answers of a class, and within which bounds. */
export const auditsSchema = z.strictObject({
  judge,
  usdPerDay: dollars.optional().describe('What audits may cost on one day (UTC); absent: no limit'),
  humanShare: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Share of the audits that a human labels as well, which corrects the judge'),
  concurrency: z.int().min(1).max(100).default(4),
  maxWaiting: z
    .int()
    .min(1)
    .max(100_000)
    .default(200)
    .describe('Audits under way, and answers that wait for a human; beyond them none is drawn'),
  deadlineMs: milliseconds.default(60_000).describe('From the answer to the verdict of a judge'),
  keepMs: z
    .int()
    .min(1)
    .max(90 * 86_400_000)
    .default(7 * 86_400_000)
    .describe('How long an answer waits for a human before it is deleted'),
  maxTranscriptBytes: z
    .int()
    .min(1024)
    .max(16 * 1024 * 1024)
    .default(256 * 1024)
    .describe('A longer request is not judged; a longer answer is cut for its judge'),
})

export type AuditsDocument = z.output<typeof auditsSchema>

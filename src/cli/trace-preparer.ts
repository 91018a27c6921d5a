import { type Encoder, EncoderError } from '../encoders/encoder.ts'
import { type EncoderSpec, openEncoder } from '../encoders/open-encoder.ts'
import { embedTrace } from '../lab/embed-trace.ts'
import { type PreparedTrace, prepareTrace } from '../lab/prepare-trace.ts'
import type { Trace } from '../lab/trace.ts'
import { createHashedFeaturizer } from '../routing/features/hashed-ngrams.ts'
import { readsNgrams } from '../routing/policies/registry.ts'
import type { OptionSpec, ParsedArguments } from './arguments.ts'
import { CommandError, exitCodes, wrongUsage } from './exit.ts'
import { createProgress } from './progress.ts'

/** The environment variable that holds the key of an embeddings endpoint. */
export const ENCODER_KEY = 'PLIMSOLL_ENCODER_KEY'

/** Of every command that reads the prompts of a trace. */
export const encoderOption: OptionSpec = {
  name: 'encoder',
  kind: 'text',
  value: 'SPEC',
  meaning: `embed prompts: URL#MODEL, an OpenAI-compatible endpoint such as http://127.0.0.1:8080/v1#bge-small (key in ${ENCODER_KEY}), or onnx:FOLDER`,
}

const CALL_LIMIT_MS = 60_000

/** Reads `--encoder`; `null` without it. Throws with exit code 64. */
export function readEncoderSpec(
  given: ParsedArguments,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): EncoderSpec | null {
  const text = given.text('encoder')
  if (text === undefined) return null
  if (text.startsWith('onnx:')) {
    const folder = text.slice('onnx:'.length)
    if (folder === '') throw wrongUsage('--encoder onnx: names no folder; expected onnx:FOLDER')
    return { kind: 'onnx', folder, pooling: 'mean' }
  }
  const hash = text.indexOf('#')
  const [baseUrl, model] = [text.slice(0, hash), decoded(text.slice(hash + 1))]
  const { protocol } = URL.parse(baseUrl) ?? { protocol: '' }
  if (hash < 0 || !/^https?:$/.test(protocol) || model === '') {
    throw wrongUsage(
      `--encoder must be URL#MODEL, as in http://127.0.0.1:8080/v1#bge-small, or onnx:FOLDER, but '${text}' was given`,
    )
  }
  const apiKey = environment[ENCODER_KEY] ?? ''
  return { kind: 'embeddings', baseUrl, model, apiKey: apiKey === '' ? null : apiKey, dimensions: null }
}

/** A model's name without the escapes of a URL; empty where they are wrong. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

/** Turns traces into what policies see, all by the same featurizer and encoder. */
export interface TracePreparer {
  /** Shows progress on standard error where prompts are embedded. */
  prepare(trace: Trace): Promise<PreparedTrace>
  close(): Promise<void>
}

/**
 * Opens the encoder, if there is one, and counts n-grams where one of the policies reads them.
 * Throws a `CommandError` that says why the encoder cannot be used.
 */
export async function openPreparer(
  spec: EncoderSpec | null,
  policies: readonly string[],
): Promise<TracePreparer> {
  const ngrams = policies.some(readsNgrams)
  const featurizer = createHashedFeaturizer()
  const encoder =
    spec === null ? null : await openEncoder(spec, AbortSignal.timeout(CALL_LIMIT_MS)).catch(endCommand)
  return {
    async prepare(trace) {
      const prepared = prepareTrace(trace, featurizer, ngrams)
      return encoder === null ? prepared : await embed(prepared, encoder)
    },
    async close() {
      await encoder?.close()
    },
  }
}

async function embed(prepared: PreparedTrace, encoder: Encoder): Promise<PreparedTrace> {
  const progress = createProgress(prepared.trace.rows.length)
  try {
    return await embedTrace(prepared, encoder, {
      onTexts: (encoded, total) =>
        progress.update(
          (encoded / total) * prepared.trace.rows.length,
          `${encoded} of ${total} different prompts embedded`,
        ),
    })
  } catch (error) {
    return endCommand(error)
  } finally {
    progress.end()
  }
}

function endCommand(error: unknown): never {
  if (!(error instanceof EncoderError)) throw error
  throw new CommandError(exitCodeOf(error), `--encoder: ${error.message}`, error)
}

function exitCodeOf({ fault }: EncoderError) {
  return fault === 'misconfigured' ? exitCodes.badConfiguration : exitCodes.failed
}

import { createHash } from 'node:crypto'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { pipeline as pipe } from 'node:stream/promises'
import * as z from 'zod'
import { checkedVector, type Encoder, EncoderError, encodedPart } from './encoder.ts'

/** How the vectors of a text's tokens become one: their mean, or the first one. */
export type Pooling = 'mean' | 'cls'

/** A model on this machine. */
export interface OnnxEncoderOptions {
  /** Holds `config.json`, `tokenizer.json`, `tokenizer_config.json` and `onnx/model.onnx` or `onnx/model_quantized.onnx`. */
  readonly folder: string
  readonly pooling: Pooling
}

/** An optional peer: big, with native code, and of no use to who needs no local encoder. */
const PACKAGE = '@huggingface/transformers'

/** Files that a model may be in, with the name of their number format. */
const MODEL_FILES = [
  { file: 'onnx/model.onnx', dtype: 'fp32' },
  { file: 'onnx/model_quantized.onnx', dtype: 'q8' },
] as const

/** Makes the vectors of texts, as a tensor. */
export type Extractor = (texts: readonly string[], options: object) => Promise<unknown>

/** The part of the package that is used. */
export interface TransformersPackage {
  readonly env: { allowRemoteModels: boolean; allowLocalModels: boolean; localModelPath: string }
  pipeline(
    task: string,
    model: string,
    options: object,
  ): Promise<Extractor & { dispose?(): Promise<unknown> }>
}

const tensorSchema = z.object({
  dims: z.array(z.int()).length(2),
  data: z.instanceof(Float32Array),
})

/**
 * Opens a model through `@huggingface/transformers`. Nothing is downloaded. The name holds a digest of the model's file,
 * since folders of one name may hold different models. Rejects with an `EncoderError` that says what to install or correct.
 */
export async function openOnnxEncoder(
  options: OnnxEncoderOptions,
  importPackage: () => Promise<TransformersPackage> = importTransformers,
): Promise<Encoder> {
  const folder = resolve(options.folder)
  const { file, dtype } = findModel(folder)
  const transformers = await importPackage()
  const digest = await digestOf(join(folder, file))
  const extract = await load(transformers, folder, dtype)
  const vectorOf = async (text: string): Promise<Float32Array> => {
    const answer = await extract([encodedPart(text)], { pooling: options.pooling, normalize: true })
    const tensor = tensorSchema.safeParse(answer)
    if (tensor.success) return tensor.data.data
    throw new EncoderError(
      'invalid_answer',
      `the model in ${folder} gave something else than one vector per text`,
    )
  }
  const dimensions = (await vectorOf('dimensions').catch(error => unusable(folder, error))).length
  const name = `onnx:${basename(folder)}${options.pooling === 'cls' ? ':cls' : ''}@${dimensions}#${digest}`
  return {
    name,
    dimensions,
    async encode(texts, signal) {
      const vectors: Float32Array[] = []
      // One by one: in a batch, padding and the quantisation of the whole would change each vector by its neighbours.
      for (const text of texts) {
        if (signal.aborted) throw new EncoderError('cancelled', `${name} was cancelled`)
        vectors.push(
          checkedVector(await vectorOf(text).catch(error => failed(name, error)), { name, dimensions }),
        )
      }
      return vectors
    },
    async close() {
      await extract.dispose?.()
    },
  }
}

function findModel(folder: string): (typeof MODEL_FILES)[number] {
  const misses = ['config.json', 'tokenizer.json', 'tokenizer_config.json'].filter(
    file => !existsSync(join(folder, file)),
  )
  const model = MODEL_FILES.find(({ file }) => existsSync(join(folder, file)))
  if (model !== undefined && misses.length === 0) return model
  const missing = [
    ...misses,
    ...(model === undefined ? [MODEL_FILES.map(({ file }) => file).join(' or ')] : []),
  ]
  const is =
    statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
      ? 'lacks'
      : 'does not exist, so it lacks'
  throw new EncoderError(
    'misconfigured',
    `the model folder ${folder} ${is} ${missing.join(', ')}; expected a model exported to ONNX for ${PACKAGE}`,
  )
}

async function importTransformers(): Promise<TransformersPackage> {
  try {
    // By a variable, so that the program compiles, bundles and runs without the package.
    const name: string = PACKAGE
    return await import(name)
  } catch (error) {
    throw new EncoderError(
      'misconfigured',
      `an ONNX encoder needs the package ${PACKAGE}, which cannot be loaded; install it beside plimsoll: npm install ${PACKAGE}`,
      error,
    )
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipe(createReadStream(path), hash)
  return hash.digest('hex').slice(0, 8)
}

async function load(
  { env, pipeline }: TransformersPackage,
  folder: string,
  dtype: string,
): ReturnType<TransformersPackage['pipeline']> {
  env.allowRemoteModels = false
  env.allowLocalModels = true
  env.localModelPath = dirname(folder)
  try {
    return await pipeline('feature-extraction', basename(folder), {
      dtype,
      device: 'cpu',
      local_files_only: true,
    })
  } catch (error) {
    return unusable(folder, error)
  }
}

function unusable(folder: string, cause: unknown): never {
  if (cause instanceof EncoderError) throw cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  throw new EncoderError('misconfigured', `the model in ${folder} cannot be used: ${reason}`, cause)
}

/** What a runtime says may quote the text. */
function failed(name: string, cause: unknown): never {
  if (cause instanceof EncoderError) throw cause
  throw new EncoderError('unavailable', `${name} failed to encode a text`, cause)
}

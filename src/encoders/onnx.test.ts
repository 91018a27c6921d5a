import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeEncoder } from './encoder.contract.ts'
import { EncoderError } from './encoder.ts'
import { openOnnxEncoder, type TransformersPackage } from './onnx.ts'
import { letterVector } from './scripted-endpoint.fixture.ts'
import { writeTinyModel } from './tiny-model.fixture.ts'

const root = mkdtempSync(join(tmpdir(), 'plimsoll-onnx-folder-'))
const folder = join(root, 'letters')
beforeAll(() => writeTinyModel(folder))
afterAll(() => rmSync(root, { recursive: true }))

const transformers: string = '@huggingface/transformers'
const installed = await import(transformers).then(
  () => true,
  () => false,
)
const idle = (): AbortSignal => new AbortController().signal
const fault = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

/** Stands in for the package: the same calls, vectors from letters. */
function fakePackage(vectorOf: (text: string) => unknown = tensorOf) {
  const env = { allowRemoteModels: true, allowLocalModels: false, localModelPath: '' }
  const asked: { readonly task: string; readonly model: string; readonly options: object }[] = []
  const pooled: object[] = []
  const fake: TransformersPackage = {
    env,
    async pipeline(task, model, options) {
      asked.push({ task, model, options })
      return async ([text = ''], how) => {
        pooled.push(how)
        return vectorOf(text)
      }
    },
  }
  return { fake, env, asked, pooled }
}

function tensorOf(text: string): unknown {
  return { dims: [1, 3], data: Float32Array.from(letterVector(text)) }
}

describeEncoder('an ONNX model behind a package of the same calls', () =>
  openOnnxEncoder({ folder, pooling: 'mean' }, async () => fakePackage().fake),
)

describe('openOnnxEncoder', () => {
  it('loads the folder without a network, in the number format of its file', async () => {
    const { fake, env, asked, pooled } = fakePackage()
    const encoder = await openOnnxEncoder({ folder, pooling: 'mean' }, async () => fake)
    expect(env).toEqual({ allowRemoteModels: false, allowLocalModels: true, localModelPath: dirname(folder) })
    const options = { dtype: 'fp32', device: 'cpu', local_files_only: true }
    expect(asked).toEqual([{ task: 'feature-extraction', model: basename(folder), options }])
    expect(pooled[0]).toEqual({ pooling: 'mean', normalize: true })
    expect(encoder.name).toMatch(/^onnx:letters@3#[0-9a-f]{8}$/)
  })

  it('lists what a folder lacks', async () => {
    const gone = await fault(openOnnxEncoder({ folder: join(root, 'nowhere'), pooling: 'mean' }))
    expect(gone).toBeInstanceOf(EncoderError)
    expect(gone).toMatchObject({
      fault: 'misconfigured',
      message: expect.stringMatching(
        /nowhere does not exist, so it lacks config\.json, tokenizer\.json, tokenizer_config\.json, onnx\/model\.onnx or/,
      ),
    })
    const bare = join(root, 'bare')
    writeTinyModel(bare)
    rmSync(join(bare, 'onnx'), { recursive: true })
    expect(await fault(openOnnxEncoder({ folder: bare, pooling: 'mean' }))).toMatchObject({
      message: expect.stringMatching(/bare lacks onnx\/model\.onnx or onnx\/model_quantized\.onnx; expected/),
    })
  })

  it.skipIf(installed)('names the package to install where it cannot be loaded', async () => {
    expect(await fault(openOnnxEncoder({ folder, pooling: 'mean' }))).toMatchObject({
      fault: 'misconfigured',
      message: expect.stringContaining('install it beside plimsoll: npm install @huggingface/transformers'),
    })
  })

  it('refuses a model that gives anything but one vector per text', async () => {
    for (const answer of [
      null,
      { dims: [1, 2, 3], data: new Float32Array(6) },
      { dims: [1, 3], data: [1] },
    ]) {
      const { fake } = fakePackage(() => answer)
      expect(await fault(openOnnxEncoder({ folder, pooling: 'mean' }, async () => fake))).toMatchObject({
        fault: 'invalid_answer',
      })
    }
  })

  it('says why a model cannot be loaded, and never what it failed on', async () => {
    const broken = fakePackage().fake
    const unreadable = { ...broken, pipeline: () => Promise.reject(new Error('bad protobuf')) }
    expect(await fault(openOnnxEncoder({ folder, pooling: 'mean' }, async () => unreadable))).toMatchObject({
      message: expect.stringMatching(/letters cannot be used: bad protobuf/),
    })
    const { fake } = fakePackage(text => {
      if (text !== 'dimensions') throw new Error(`cannot read ${text}`)
      return tensorOf(text)
    })
    const encoder = await openOnnxEncoder({ folder, pooling: 'mean' }, async () => fake)
    const error = await fault(encoder.encode(['a private prompt'], idle()))
    expect(error).toMatchObject({ fault: 'unavailable' })
    expect(String(error)).not.toContain('private')
  })
})

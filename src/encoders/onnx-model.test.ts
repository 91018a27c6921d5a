import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeEncoder } from './encoder.contract.ts'
import { openOnnxEncoder } from './onnx.ts'
import { TINY_DIMENSIONS, writeTinyModel } from './tiny-model.fixture.ts'

const transformers: string = '@huggingface/transformers'
const installed = await import(transformers).then(
  () => true,
  () => false,
)
const ownFolder = process.env.PLIMSOLL_ONNX_FOLDER
const idle = (): AbortSignal => new AbortController().signal

const withoutPackage = installed ? '' : ` (skipped: ${transformers} is not installed)`
describe.skipIf(!installed)(`the ONNX runtime on a tiny model${withoutPackage}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-onnx-'))
  const tiny = join(folder, 'tiny')
  beforeAll(() => writeTinyModel(tiny))
  afterAll(() => rmSync(folder, { recursive: true }))
  const open = () => openOnnxEncoder({ folder: tiny, pooling: 'mean' })

  describeEncoder('a tiny ONNX model', open)

  it('gives unit vectors, and names the model by the digest of its file', async () => {
    const encoder = await open()
    expect(encoder.name).toMatch(/^onnx:tiny@4#[0-9a-f]{8}$/)
    expect(encoder.dimensions).toBe(TINY_DIMENSIONS)
    const [vector] = await encoder.encode(['some text'], idle())
    expect(Math.hypot(...(vector ?? []))).toBeCloseTo(1, 6)
    writeTinyModel(join(folder, 'other', 'tiny'), 2)
    const other = await openOnnxEncoder({ folder: join(folder, 'other', 'tiny'), pooling: 'mean' })
    expect(other.name).not.toBe(encoder.name)
    expect(await other.encode(['some text'], idle())).not.toEqual([vector])
    await Promise.all([encoder.close(), other.close()])
  })

  it('pools by the first token where that is asked for', async () => {
    const first = await openOnnxEncoder({ folder: tiny, pooling: 'cls' })
    const [abc, axy] = await first.encode(['abc', 'axy'], idle())
    expect(first.name).toMatch(/^onnx:tiny:cls@4#/)
    expect(axy).toEqual(abc)
    await first.close()
  })
})

const withoutFolder = ownFolder === undefined ? ' (skipped: PLIMSOLL_ONNX_FOLDER names no model folder)' : ''
describe.skipIf(!installed || ownFolder === undefined)(
  `the ONNX runtime on your model${withoutFolder}`,
  () => {
    describeEncoder('your ONNX model', () => openOnnxEncoder({ folder: ownFolder ?? '', pooling: 'mean' }))

    it('puts a paraphrase nearer than another subject', async () => {
      const encoder = await openOnnxEncoder({ folder: ownFolder ?? '', pooling: 'mean' })
      const [question = [], paraphrase = [], other = []] = await encoder.encode(
        ['How tall is the tower?', "What is the tower's height?", 'Sort this list of names in Python.'],
        idle(),
      )
      const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
        Array.from(a).reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
      expect(cosine(question, paraphrase)).toBeGreaterThan(cosine(question, other))
      await encoder.close()
    })
  },
)

import { afterEach, describe, expect, it } from 'vitest'
import { type Encoder, EncoderError } from './encoder.ts'

const texts = [
  'Add 2 and 3.',
  'Prove the four colour theorem.',
  'Übersetze 猫 ins Englische.',
  'Add 2 and 3.',
]
const idle = (): AbortSignal => new AbortController().signal

/** What every encoder keeps to; `open` makes a fresh one, with the same name at every call. */
export function describeEncoder(subject: string, open: () => Promise<Encoder>): void {
  describe(`${subject} as an encoder`, () => {
    const opened: Encoder[] = []
    const fresh = async (): Promise<Encoder> => {
      const encoder = await open()
      opened.push(encoder)
      return encoder
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map(encoder => encoder.close()))
    })

    it('gives one finite vector of its dimensions per text, in their order', async () => {
      const encoder = await fresh()
      const vectors = await encoder.encode(texts, idle())
      expect(vectors.map(vector => vector.length)).toEqual(texts.map(() => encoder.dimensions))
      for (const vector of vectors) expect(vector.every(Number.isFinite)).toBe(true)
      for (const [i, text] of texts.entries()) {
        const [alone] = await encoder.encode([text], idle())
        expect(alone).toEqual(vectors[i])
      }
    })

    it('makes equal vectors of equal texts, also after it was opened again, and others of others', async () => {
      const [first, second] = [await fresh(), await fresh()]
      expect(second.name).toBe(first.name)
      const [a, b, , again] = await first.encode(texts, idle())
      expect(again).toEqual(a)
      expect(b).not.toEqual(a)
      expect(await second.encode(texts.slice(0, 1), idle())).toEqual([a])
    })

    it('takes texts of any length, and reads nothing of the middle of a long one', async () => {
      const encoder = await fresh()
      const [head, tail] = ['alpha '.repeat(500), 'omega '.repeat(500)]
      const [long, longer, other] = await encoder.encode(
        [`${head}${'m'.repeat(2000)}${tail}`, `${head}${'n'.repeat(90_000)}${tail}`, `${tail}${head}`],
        idle(),
      )
      expect(longer).toEqual(long)
      expect(other).not.toEqual(long)
    })

    it('makes nothing of nothing', async () => {
      expect(await (await fresh()).encode([], idle())).toEqual([])
    })

    it('rejects with an EncoderError once it is cancelled', async () => {
      const encoder = await fresh()
      const error = await encoder.encode(texts, AbortSignal.abort()).catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(EncoderError)
      expect(error).toMatchObject({ code: 'encoder_failed', fault: 'cancelled' })
    })
  })
}

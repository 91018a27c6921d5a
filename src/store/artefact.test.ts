import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { modelId } from '../routing/model.ts'
import {
  type Artefact,
  ArtefactError,
  decodeArtefact,
  encodeArtefact,
  readArtefact,
  writeArtefact,
} from './artefact.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-artefact-'))
afterAll(() => rmSync(folder, { recursive: true }))

const artefact: Artefact = {
  codeVersion: '1.2.3',
  policy: 'plimsoll',
  parameters: { exploration: 0.25, coldMean: 0.5 },
  encoder: 'hashed-ngrams@1',
  evidence: 'means',
  models: [
    { id: modelId('a/klein'), priceUsdPerMillion: null, typicalCostUsd: 1 / 3 },
    {
      id: modelId('b/groß'),
      priceUsdPerMillion: { input: 2, output: 8, cachedInput: 0.5 },
      typicalCostUsd: null,
    },
  ],
  training: { trace: 'quiz', rows: 2, fingerprint: 'ab'.repeat(32), satisfiedAt: 0.9, seed: null },
  learned: [
    { id: modelId('a/klein'), satisfaction: 0.5, costUsd: 0.1, brier: 0.2, ece: 0.01 },
    { id: modelId('b/groß'), satisfaction: 1, costUsd: 0.3, brier: null, ece: null },
  ],
  prices: [{ priceUsd: 0, satisfaction: 0.5, costUsd: 0.1 }],
  // 10 is a line break: the state may hold any byte.
  snapshot: { policy: 'plimsoll', schema: 3, bytes: Uint8Array.of(0, 10, 255, 10, 10) },
}

/** The bytes with a change in what follows the first line; the first line is right for them. */
function withBody(change: (body: string) => string): Uint8Array {
  const text = Buffer.from(encodeArtefact(artefact)).toString('latin1')
  const body = Buffer.from(change(text.slice(text.indexOf('\n') + 1)), 'latin1')
  const sum = createHash('sha256').update(body).digest('hex')
  return Buffer.concat([Buffer.from(`plimsoll-artefact 2 ${body.length} ${sum}\n`), body])
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeArtefact(bytes, 'zoo.plimsoll')
  } catch (error) {
    expect(error).toBeInstanceOf(ArtefactError)
    return (error as Error).message
  }
  throw new Error('the artefact was taken')
}

describe('encodeArtefact', () => {
  it('comes back as it was', () => {
    expect(decodeArtefact(encodeArtefact(artefact), 'f')).toEqual(artefact)
  })

  it('gives equal bytes for equal artefacts, whatever the order of their keys', () => {
    const { models, ...others } = artefact
    const reordered = { models, ...others, parameters: { coldMean: 0.5, exploration: 0.25 } }
    expect(encodeArtefact(reordered)).toEqual(encodeArtefact(artefact))
    expect(encodeArtefact({ ...artefact, codeVersion: '1.2.4' })).not.toEqual(encodeArtefact(artefact))
  })

  it('reads from the middle of a larger buffer', () => {
    const bytes = encodeArtefact(artefact)
    const larger = new Uint8Array(bytes.length + 20)
    larger.set(bytes, 7)
    expect(decodeArtefact(larger.subarray(7, 7 + bytes.length), 'f')).toEqual(artefact)
  })
})

describe('decodeArtefact', () => {
  const bytes = encodeArtefact(artefact)

  it('refuses what plimsoll train did not write', () => {
    for (const other of ['', '{"id": 1}\n', 'x'.repeat(1000)]) {
      expect(refusal(Buffer.from(other))).toBe(
        'zoo.plimsoll: this is no artefact; expected a file that plimsoll train wrote',
      )
    }
  })

  it('refuses another format', () => {
    const text = Buffer.from(bytes).toString('latin1').replace('plimsoll-artefact 2 ', 'plimsoll-artefact 3 ')
    expect(refusal(Buffer.from(text, 'latin1'))).toBe(
      'zoo.plimsoll: it is written in format 3, but this version reads format 2; train it again, or use the version that wrote it',
    )
  })

  it('refuses every file that is cut short', () => {
    const firstLine = bytes.indexOf(10) + 1
    for (let length = 0; length < bytes.length; length++) {
      const message = refusal(bytes.subarray(0, length))
      expect(message).toContain(length < firstLine ? 'this is no artefact' : 'cut short')
    }
    expect(refusal(Buffer.concat([bytes, Buffer.from('x')]))).toContain('cut short or grown')
  })

  it('refuses a file in which one byte has changed, wherever it is', () => {
    for (let at = bytes.indexOf(10) + 1; at < bytes.length; at++) {
      const damaged = Uint8Array.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      expect(refusal(damaged)).toBe(
        'zoo.plimsoll: its checksum is wrong: the file is damaged; copy or train it again',
      )
    }
  })

  it.each([
    ['a header that is no JSON', '"codeVersion"', 'codeVersion"', 'its header cannot be read'],
    ['a missing field', '"encoder":"hashed-ngrams@1",', '', 'encoder'],
    ['an unknown field', '"encoder":', '"coder":1,"encoder":', 'Unrecognized key'],
    ['a value out of its range', '"satisfaction":1,', '"satisfaction":1.5,', 'learned.1.satisfaction'],
    [
      'a state of another length',
      '"byteLength":5',
      '"byteLength":6',
      'promises 6 bytes of state, but 5 follow',
    ],
  ])('refuses %s although the checksum is right', (_, part, other, message) => {
    expect(refusal(withBody(body => body.replace(part, other)))).toContain(message)
  })
})

describe('writeArtefact', () => {
  it('writes what readArtefact reads, in place of what was there, and leaves nothing else', async () => {
    const path = join(folder, 'zoo.plimsoll')
    writeFileSync(path, 'something older')
    const size = await writeArtefact(path, artefact)
    expect(readFileSync(path)).toHaveLength(size)
    expect(await readArtefact(path)).toEqual(artefact)
    expect(readdirSync(folder)).toEqual(['zoo.plimsoll'])
  })

  it('leaves no trace of itself where it fails', async () => {
    const taken = join(folder, 'taken')
    await expect(writeArtefact(join(folder, 'absent', 'zoo'), artefact)).rejects.toThrow('ENOENT')
    writeFileSync(taken, '')
    await expect(writeArtefact(join(taken, 'zoo'), artefact)).rejects.toThrow('ENOTDIR')
    expect(readdirSync(folder).filter(name => name.includes('partial'))).toEqual([])
  })

  it('says when there is nothing to read', async () => {
    const path = join(folder, 'absent')
    await expect(readArtefact(path)).rejects.toThrow(
      `${path}: no such file; expected an artefact that plimsoll train wrote`,
    )
    await expect(readArtefact(folder)).rejects.toThrow(`${folder}: cannot be read (EISDIR)`)
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  decodeCheckpoint,
  encodeCheckpoint,
  readCheckpoint,
  type TrainingIdentity,
  writeCheckpoint,
} from './training-checkpoint.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-checkpoint-'))
afterAll(() => rmSync(folder, { recursive: true }))

const identity: TrainingIdentity = {
  codeVersion: '1.0.0',
  policy: 'proteus',
  parameters: { steps: 10, rate: 0.1 },
  encoder: 'hashed-ngrams@1',
  fingerprint: 'f'.repeat(64),
  satisfiedAt: 0.9,
  seed: null,
}
// A newline among the bytes of the state is not the end of the first line.
const checkpoint = { done: 7, bytes: Uint8Array.of(1, 10, 255, 10, 0) }

describe('a checkpoint', () => {
  it('is read back by the same training, whatever the order of its parameters', async () => {
    const path = join(folder, 'zoo.checkpoint')
    await writeCheckpoint(path, identity, checkpoint)
    const reordered = { ...identity, parameters: { rate: 0.1, steps: 10 } }
    expect(await readCheckpoint(path, reordered)).toEqual(checkpoint)
  })

  it.each([
    ['policy', { policy: 'other' }],
    ['parameters', { parameters: { steps: 11, rate: 0.1 } }],
    ['fingerprint', { fingerprint: '0'.repeat(64) }],
    ['satisfiedAt', { satisfiedAt: null }],
    ['seed', { seed: 4 }],
    ['codeVersion', { codeVersion: '1.0.1' }],
    ['encoder', { encoder: 'hashed-ngrams@1 with e5' }],
  ])('is refused by a training of another %s', (key, change) => {
    const bytes = encodeCheckpoint(identity, checkpoint)
    expect(() => decodeCheckpoint(bytes, 'c', { ...identity, ...change })).toThrow(
      `it belongs to another training: its ${key} is`,
    )
  })

  it('is refused when it is damaged, no checkpoint at all, or absent', async () => {
    const bytes = encodeCheckpoint(identity, checkpoint)
    expect(() => decodeCheckpoint(bytes.subarray(0, -1), 'c', identity)).toThrow('checksum is wrong')
    expect(() => decodeCheckpoint(Buffer.from('{}\n'), 'c', identity)).toThrow('no checkpoint of a training')
    expect(() => decodeCheckpoint(Buffer.from(''), 'c', identity)).toThrow('no checkpoint of a training')
    await expect(readCheckpoint(join(folder, 'absent'), identity)).rejects.toThrow('Train without --resume')
  })
})

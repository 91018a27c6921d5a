import { describe, expect, it } from 'vitest'
import { proofSize } from '../../../test/proof-size.ts'
import { modelId } from '../model.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { ComplaintWatch, type Heard } from './complaint-watch.ts'

const MODELS = ['a', 'b', 'c'].map(modelId)
const [WORSE = modelId('a')] = MODELS

interface Said {
  readonly heard: Heard
  readonly complained: boolean
}

/** Requests of three models whose predictions are right, but that the first one is worse by a factor from `dropAt` on. */
function say(seed: string, requests: number, rates: readonly number[], drop = { at: requests, factor: 1 }) {
  const random = createRandom(seed)
  return Array.from({ length: requests }, (_, atMs): Said => {
    const k = random.next() < 0.5 ? 0 : random.next() < 0.7 ? 1 : 2
    const p = 0.6 + 0.35 * random.next()
    const truth = k === 0 && atMs >= drop.at ? p * drop.factor : p
    const complained = random.next() >= truth && random.next() < (rates[k] ?? 0)
    return { heard: { model: MODELS[k] ?? WORSE, atMs, doubt: 1 - p }, complained }
  })
}

function alarmsIn(stream: readonly Said[], watch = new ComplaintWatch()) {
  return stream.flatMap(({ heard, complained }, at) =>
    (complained ? watch.complained(heard) : watch.silent(heard)).map(model => ({ at, model })),
  )
}

describe('ComplaintWatch', () => {
  it('learns a rate for each model, however readily users complain of it', () => {
    const watch = new ComplaintWatch()
    alarmsIn(say('rates', 6000, [0.05, 0.2, 0.5]), watch)
    expect(watch.rate(modelId('a'))).toBeCloseTo(0.05, 1)
    expect(watch.rate(modelId('b'))).toBeCloseTo(0.2, 1)
    expect(Math.abs((watch.rate(modelId('c')) ?? 0) - 0.5)).toBeLessThan(0.15)
    expect(watch.rate(modelId('d'))).toBeNull()
  })

  it('raises few false alarms while nothing changes: measured, 2 to 4 in 10,000 requests', () => {
    const runs = proofSize(30, 300)
    for (const rates of [
      [0.1, 0.1, 0.1],
      [0.05, 0.2, 0.5],
    ]) {
      let alarms = 0
      for (let run = 0; run < runs; run++) alarms += alarmsIn(say(`calm-${run}`, 3000, rates)).length
      expect(alarms / (0.3 * runs)).toBeLessThan(6)
    }
  })

  it('finds a model that keeps seven in ten of its satisfied answers, most often, and names it', () => {
    const runs = proofSize(30, 300)
    let found = 0
    const delays: number[] = []
    for (let run = 0; run < runs; run++) {
      const stream = say(`drop-${run}`, 5000, [0.1, 0.1, 0.1], { at: 2000, factor: 0.7 })
      const alarm = alarmsIn(stream).find(({ at, model }) => at >= 2000 && model === WORSE)
      if (alarm === undefined) continue
      found++
      delays.push(alarm.at - 2000)
    }
    delays.sort((a, b) => a - b)
    expect(found / runs).toBeGreaterThan(0.7)
    expect(delays[delays.length >> 1]).toBeLessThan(900)
  })

  it('is not misled by complaints that come early and silence that comes late', () => {
    const stream = say('late', 4000, [0.3, 0.3, 0.3])
    const events = stream
      .map(said => ({ said, dueMs: said.heard.atMs + (said.complained ? 1 : 1000) }))
      .sort((a, b) => a.dueMs - b.dueMs)
    const watch = new ComplaintWatch()
    const late = alarmsIn(
      events.map(({ said }) => said),
      watch,
    )
    expect(late.length).toBeLessThanOrEqual(alarmsIn(stream).length + 1)
    expect(watch.rate(WORSE)).toBeCloseTo(0.3, 1)
  })

  it('tests nothing in the first 400 requests', () => {
    expect(alarmsIn(say('first', 400, [1, 1, 1], { at: 100, factor: 0.1 }))).toEqual([])
  })

  it('goes on from its bytes', () => {
    const stream = say('bytes', 3000, [0.3, 0.3, 0.3], { at: 1500, factor: 0.5 })
    const watch = new ComplaintWatch()
    alarmsIn(stream.slice(0, 1600), watch)
    const writer = new ByteWriter()
    watch.write(writer)
    const restored = ComplaintWatch.read(new ByteReader(writer.finish()))
    const rest = stream.slice(1600)
    expect(alarmsIn(rest, restored)).toEqual(alarmsIn(rest, watch))
  })
})

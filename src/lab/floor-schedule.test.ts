import { describe, expect, it } from 'vitest'
import { type FloorSchedule, floorAt, floorBinEdges, parseFloors, requestFloors } from './floor-schedule.ts'

const only = (text: string): FloorSchedule => {
  const [schedule, ...rest] = parseFloors(text)
  if (schedule === undefined || rest.length > 0) throw new Error(`${text} is not one schedule`)
  return schedule
}

const requestFloorsOf = (text: string, length: number): number[] =>
  Array.from({ length }, (_, i) => floorAt(only(text), i, length, 1).requestFloor)

describe('parseFloors', () => {
  it('reads a number, a list as separate runs, and the changing forms', () => {
    expect(parseFloors('0.8')).toEqual([{ kind: 'constant', floor: 0.8 }])
    expect(parseFloors('.8,.85')).toEqual([
      { kind: 'constant', floor: 0.8 },
      { kind: 'constant', floor: 0.85 },
    ])
    expect(only('uniform:.7:.9')).toEqual({ kind: 'uniform', low: 0.7, high: 0.9 })
    expect(only('step:.7:.9@.25')).toEqual({ kind: 'step', from: 0.7, to: 0.9, at: 0.25 })
    expect(only('drift:.9:.7')).toEqual({ kind: 'drift', from: 0.9, to: 0.7 })
    expect(only('cycle:.7:.9:3')).toEqual({ kind: 'cycle', from: 0.7, to: 0.9, cycles: 3 })
  })

  it.each([
    ['0', 'strictly between 0 and 1'],
    ['1', 'strictly between 0 and 1'],
    ['1.2', 'a number from 0 to 1'],
    ['.8,', 'a number from 0 to 1'],
    ['high', 'a number from 0 to 1'],
    ['uniform:.7', 'uniform:a:b'],
    ['step:.7:.8', 'step:a:b@f'],
    ['step:.7:.8:.5', 'step:a:b@f'],
    ['step:.7:.8@2', 'a number from 0 to 1'],
    ['cycle:.7:.8', 'cycle:a:b:n'],
    ['cycle:.7:.8:0', 'at least'],
    ['ramp:.7:.8', 'uniform:a:b, step:a:b@f, drift:a:b, cycle:a:b:n'],
    ['constructor:.7:.8', 'uniform:a:b'],
    ['step:.7@.8:.5', 'step:a:b@f'],
    ['drift:.7@.8', 'drift:a:b'],
  ])('refuses %s, saying what it expected', (text, expected) => {
    expect(() => parseFloors(text)).toThrow(expected)
    expect(() => parseFloors(text)).toThrow(`floor '${text}'`)
  })
})

describe('floorAt', () => {
  it('steps at the given fraction of the stream', () => {
    expect(requestFloorsOf('step:.7:.9@.5', 4)).toEqual([0.7, 0.7, 0.9, 0.9])
  })

  it('drifts evenly from the first request to the last', () => {
    const floors = requestFloorsOf('drift:.6:.8', 5)
    for (const [i, floor] of [0.6, 0.65, 0.7, 0.75, 0.8].entries()) expect(floors[i]).toBeCloseTo(floor, 12)
  })

  it('swings the given number of times', () => {
    const floors = requestFloorsOf('cycle:.6:.8:2', 8)
    for (const [i, floor] of [0.6, 0.7, 0.8, 0.7, 0.6, 0.7, 0.8, 0.7].entries()) {
      expect(floors[i]).toBeCloseTo(floor, 12)
    }
  })

  it('draws floors of single requests from the whole range, the same for the same seed', () => {
    const schedule = only('uniform:.6:.8')
    const floors = requestFloorsOf('uniform:.6:.8', 2000)
    expect(Math.min(...floors)).toBeGreaterThanOrEqual(0.6)
    expect(Math.max(...floors)).toBeLessThanOrEqual(0.8)
    // The mean of 2,000 uniform floors has a standard error of .2 / sqrt(12 * 2000) = .0013.
    expect(Math.abs(floors.reduce((sum, floor) => sum + floor, 0) / 2000 - 0.7)).toBeLessThan(0.006)
    expect(floorAt(schedule, 7, 10, 1)).toEqual(floorAt(schedule, 7, 10, 1))
    expect(floorAt(schedule, 7, 10, 1)).not.toEqual(floorAt(schedule, 7, 10, 2))
    expect(floorAt(schedule, 7, 10, 1).classFloor).toBeCloseTo(0.7, 12)
    expect(requestFloors(schedule)).toEqual({ min: 0.6, max: 0.8 })
    expect(requestFloors(only('.7'))).toBeNull()
  })
})

describe('floorBinEdges', () => {
  it('has six bins of equal width, two for a step and none for one floor', () => {
    expect(floorBinEdges(only('.7'))).toEqual([])
    expect(floorBinEdges(only('uniform:.6:.9'))).toHaveLength(7)
    expect(floorBinEdges(only('drift:.9:.6'))[1]).toBeCloseTo(0.65, 12)
    expect(floorBinEdges(only('step:.9:.7@.5'))).toEqual([0.7, 0.8, 0.9])
  })
})

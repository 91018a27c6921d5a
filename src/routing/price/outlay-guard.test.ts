import { describe, expect, it } from 'vitest'
import { blockedByOutlay, type OutlayRecord } from './outlay-guard.ts'

const cheap: OutlayRecord = { costUsd: 1, calls: 100, labels: 100, labelSum: 70 }
const progress = { decisions: 200, debt: 3 }

function dear(calls: number, satisfied: number, costUsd = 5): OutlayRecord {
  return { costUsd, calls, labels: calls, labelSum: satisfied }
}

describe('blockedByOutlay', () => {
  it('lets a dear model be tried 10 + debt + decisions / 100 times', () => {
    expect(blockedByOutlay([cheap, dear(14, 9)], progress)).toEqual([false, false])
    expect(blockedByOutlay([cheap, dear(15, 10)], progress)).toEqual([false, true])
    expect(blockedByOutlay([cheap, dear(15, 10)], { decisions: 200, debt: 4 })).toEqual([false, false])
  })

  it('lifts the limit once the advantage has shown', () => {
    expect(blockedByOutlay([cheap, dear(100, 90)], progress)).toEqual([false, false])
    expect(blockedByOutlay([cheap, dear(100, 72)], progress)).toEqual([false, true])
  })

  it('leaves alone what is not much dearer, or has nothing to be compared with', () => {
    expect(blockedByOutlay([cheap, dear(50, 10, 3.9)], progress)).toEqual([false, false])
    expect(blockedByOutlay([{ ...cheap, labels: 0 }, dear(50, 10)], progress)).toEqual([false, false])
  })
})

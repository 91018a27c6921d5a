import { readdirSync, readFileSync } from 'node:fs'

/** CPU time of all threads of a process so far, in microseconds; `null` where the system does not tell (not Linux). */
export function cpuUs(pid: number): number | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return threads.reduce((sum, thread) => sum + threadCpuNs(pid, thread), 0) / 1000
  } catch {
    return null
  }
}

/** Resident memory of a process in MiB; `null` where the system does not tell. */
export function residentMib(pid: number): number | null {
  try {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? null : Number(kib) / 1024
  } catch {
    return null
  }
}

/** The scheduler counts nanoseconds; a thread that has just ended counts nothing. */
function threadCpuNs(pid: number, thread: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
  } catch {
    return 0
  }
}

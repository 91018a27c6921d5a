import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { PolicyAlarm } from '../policy.ts'

const MOST_ALARMS = 100

/** The latest hundred alarms of one class. */
export class AlarmLog {
  readonly #alarms: PolicyAlarm[] = []

  add(kind: string, atDecision: number): void {
    this.#alarms.push({ atDecision, kind })
    if (this.#alarms.length > MOST_ALARMS) this.#alarms.shift()
  }

  list(): readonly PolicyAlarm[] {
    return [...this.#alarms]
  }

  write(writer: ByteWriter): void {
    writer.list(this.#alarms, ({ atDecision, kind }) => {
      writer.number(atDecision)
      writer.text(kind)
    })
  }

  static read(reader: ByteReader): AlarmLog {
    const log = new AlarmLog()
    reader.list(() => log.#alarms.push({ atDecision: reader.number(), kind: reader.text() }))
    return log
  }
}

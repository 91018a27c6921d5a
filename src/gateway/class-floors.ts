import type { SlaClass } from '../routing/sla.ts'

/** Floors that the operator changed while the gateway runs, above those of the configuration. */
export interface ClassFloors {
  /** The class as it stands now. */
  current(sla: SlaClass): SlaClass
  /** Changes the floor of a class from the next request on; `floor` in (0, 1). */
  change(sla: SlaClass, floor: number): void
  /** Back to the configuration. */
  clear(): void
}

/** Starts with the configured floors. */
export function createClassFloors(): ClassFloors {
  const changed = new Map<string, SlaClass>()
  return {
    current: sla => changed.get(sla.name) ?? sla,
    change: (sla, floor) => void changed.set(sla.name, Object.freeze({ ...sla, floor })),
    clear: () => changed.clear(),
  }
}

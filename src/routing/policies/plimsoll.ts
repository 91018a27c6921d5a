import type { Decision, DecisionRecord, RoutingContext } from '../decision.ts'
import type { LearningEvent } from '../learning-event.ts'
import { ByteWriter } from '../numeric/byte-codec.ts'
import type { Random } from '../numeric/random.ts'
import type { ClassReport, Policy, PolicyDefinition, PolicySetup, PolicySnapshot } from '../policy.ts'
import type { StartupRequest } from '../predict/startup-log.ts'
import { PlanningWindow } from '../price/planning-window.ts'
import { refuseArgument, resolveParameters } from './parameters.ts'
import { decidePlimsoll } from './plimsoll-choice.ts'
import { PlimsollController } from './plimsoll-controller.ts'
import { PLIMSOLL_PARAMETERS } from './plimsoll-parameters.ts'
import {
  coldSetup,
  openSnapshot,
  type PlimsollSetup,
  readSetup,
  warmSetup,
  writeSetup,
} from './plimsoll-setup.ts'
import { usableLabel } from './usable-label.ts'

const NAME = 'plimsoll'
const SCHEMA = 6

/**
 * The policy `plimsoll`: predict, plan a price, correct it by the debt. On a cold start it explores by an upper confidence
 * bound; after offline training it does not explore. One learned predictor serves all classes; debt and price are kept
 * per SLA class.
 */
export const plimsoll: PolicyDefinition = {
  name: NAME,
  summary: 'plans the price of satisfaction from predictions and corrects it by the debt',
  parameters: PLIMSOLL_PARAMETERS,
  certifies: true,
  create(setup, argument) {
    refuseArgument(NAME, argument)
    return new PlimsollPolicy(setup)
  },
}

class PlimsollPolicy implements Policy {
  readonly name = NAME
  readonly #setup: PlimsollSetup
  readonly #controllers = new Map<string, PlimsollController>()

  constructor(setup: PolicySetup) {
    const parameters = resolveParameters(NAME, PLIMSOLL_PARAMETERS, setup.parameters)
    const { auditBudget } = setup
    if (setup.snapshot !== null) {
      const reader = openSnapshot(setup.snapshot, NAME, SCHEMA)
      this.#setup = { ...readSetup(reader, parameters), auditBudget }
      reader.list(() => this.#controllers.set(reader.text(), PlimsollController.read(reader, this.#setup)))
    } else {
      const { training, onTrained } = setup
      const start = training === null ? coldSetup(parameters) : warmSetup(parameters, training, onTrained)
      this.#setup = { ...start, auditBudget }
    }
  }

  decide(context: RoutingContext, random: Random): Decision {
    const controller =
      this.#controllers.get(context.sla.name) ?? new PlimsollController(this.#setup, context.sla)
    return decidePlimsoll({ context, controller, setup: this.#setup }, random)
  }

  auditProbability({ context, decision }: DecisionRecord): number {
    const controller =
      this.#controllers.get(context.sla.name) ?? new PlimsollController(this.#setup, context.sla)
    const ordinary = controller.ordinaryAudits(context.sla)
    return ordinary === 0 ? 0 : controller.suspects.auditProbability(decision.chosen, ordinary)
  }

  learn(event: LearningEvent): void {
    const { beliefs } = this.#setup
    switch (event.kind) {
      case 'decision':
        this.#decided(event)
        break
      case 'outcome':
        beliefs.learnOutcome(event.record, event.model, event.outcome)
        break
      case 'feedback':
        if (
          event.metric === 'satisfaction' &&
          event.value < 1 &&
          event.model === event.record.decision.chosen
        )
          this.#heard(event.record, true)
        this.#labelled(event)
        break
      case 'audit':
        this.#labelled(event)
        break
      case 'silence':
        this.#heard(event.record, false)
        break
    }
  }

  #decided(event: LearningEvent & { readonly kind: 'decision' }): void {
    const { context } = event.record
    const { beliefs } = this.#setup
    beliefs.meet(context.models)
    const controller = this.#controller(context)
    controller.decided(event.record)
    const startup = beliefs.decided(event.record)
    if (startup !== null) this.#reread(startup.requests)
    controller.planIfDue()
  }

  /** Text coordinates have become known: the windows are filled anew with the same prompts. */
  #reread(requests: readonly StartupRequest[]): void {
    for (const [name, controller] of this.#controllers) {
      const window = new PlanningWindow()
      for (const { className, features, promptTokens, floor, models } of requests) {
        if (className !== name) continue
        window.push({ view: this.#setup.beliefs.view(features, promptTokens), floor, models })
      }
      controller.reread(window)
    }
  }

  #labelled(event: LearningEvent & { readonly kind: 'feedback' | 'audit' }): void {
    const { record, model } = event
    const label = usableLabel(event, this.#setup.auditBudget)
    if (label === null) return
    const { beliefs, change } = this.#setup
    beliefs.meet(record.context.models)
    const controller = this.#controller(record.context)
    if (model === record.decision.chosen) {
      controller.labelled(record, label.value, event.kind === 'audit' ? event.probability : null)
    }
    const predicted = beliefs.learnLabel(record, model, label.value, controller.shift)
    if (!change.observe(model, predicted, label.value)) return
    beliefs.reopen(model)
    for (const each of this.#controllers.values()) each.alarm(`change:${model}`)
  }

  /** Where users only complain, complaints are no labels, but more of them than usual are a sign. */
  #heard(record: DecisionRecord, complained: boolean): void {
    if (record.context.sla.feedback !== 'one-sided') return
    const { beliefs } = this.#setup
    beliefs.meet(record.context.models)
    for (const model of this.#controller(record.context).heard(record, complained)) beliefs.reopen(model)
  }

  #controller(context: RoutingContext): PlimsollController {
    const known = this.#controllers.get(context.sla.name)
    if (known !== undefined) return known
    const fresh = new PlimsollController(this.#setup, context.sla)
    this.#controllers.set(context.sla.name, fresh)
    return fresh
  }

  report(className: string): ClassReport | null {
    return this.#controllers.get(className)?.report() ?? null
  }

  snapshot(): PolicySnapshot {
    const writer = new ByteWriter()
    writeSetup(writer, this.#setup)
    writer.list([...this.#controllers], ([name, controller]) => {
      writer.text(name)
      controller.write(writer)
    })
    return { policy: NAME, schema: SCHEMA, bytes: writer.finish() }
  }
}

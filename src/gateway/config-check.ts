import { isIP } from 'node:net'
import { promiseRefusal } from '../routing/policies/promise-refusal.ts'
import { createPolicy, policyDefinitions } from '../routing/policies/registry.ts'
import { checkAudits } from './audits-config.ts'
import type { ConfigDocument } from './config-schema.ts'

/** One thing that is wrong with a configuration: where, what was given, what was expected. */
export interface ConfigFault {
  readonly path: string
  readonly message: string
}

/** A path as it reads in the file, for example `models[0].baseUrl`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = ''
  for (const key of path)
    text += typeof key === 'number' ? `[${key}]` : `${text === '' ? '' : '.'}${String(key)}`
  return text === '' ? '(the whole file)' : text
}

/** Every name under which a model may be mentioned in the file, with its full id: `provider/id`, and `id` where unique. */
export function modelNames(document: ConfigDocument): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const ids = document.models.map(model => model.id)
  for (const model of document.models) {
    const full = `${model.provider}/${model.id}`
    names.set(full, full)
    if (ids.filter(id => id === model.id).length === 1 && !names.has(model.id)) names.set(model.id, full)
  }
  return names
}

/** Faults that show only when parts of the file are seen together, or with the environment. */
export function crossCheck(
  document: ConfigDocument,
  environment: Readonly<Record<string, string | undefined>>,
): readonly ConfigFault[] {
  return [
    ...checkModels(document, environment),
    ...checkEncoder(document, environment),
    ...checkClasses(document),
    ...checkPolicies(document),
    ...checkAudits(document, environment),
    ...checkPromises(document),
    ...checkKeys(document),
    ...checkListen(document),
  ]
}

function* checkModels(
  document: ConfigDocument,
  environment: Readonly<Record<string, string | undefined>>,
): Generator<ConfigFault> {
  const seen = new Map<string, number>()
  for (const [i, model] of document.models.entries()) {
    const full = `${model.provider}/${model.id}`
    const first = seen.get(full)
    if (first !== undefined)
      yield {
        path: `models[${i}].id`,
        message: `"${full}" is already the name of models[${first}]; every model needs its own`,
      }
    seen.set(full, first ?? i)
    if (model.provider === 'auto')
      yield {
        path: `models[${i}].provider`,
        message: '"auto" is reserved for routing; give the provider another name',
      }
    const variable = model.apiKeyEnv
    if (variable !== undefined && (environment[variable] ?? '') === '')
      yield {
        path: `models[${i}].apiKeyEnv`,
        message: `the environment variable ${variable} is not set; set it to the key of ${model.provider}, or leave apiKeyEnv out`,
      }
  }
}

function* checkEncoder(
  { encoder }: ConfigDocument,
  environment: Readonly<Record<string, string | undefined>>,
): Generator<ConfigFault> {
  const variable = encoder?.kind === 'embeddings' ? encoder.apiKeyEnv : undefined
  if (variable !== undefined && (environment[variable] ?? '') === '')
    yield {
      path: 'encoder.apiKeyEnv',
      message: `the environment variable ${variable} is not set; set it to the key of the encoder, or leave apiKeyEnv out`,
    }
}

function* checkClasses(document: ConfigDocument): Generator<ConfigFault> {
  const names = modelNames(document)
  const known = `expected one of ${[...names.keys()].join(', ')}`
  const classes = new Map<string, number>()
  for (const [i, entry] of document.classes.entries()) {
    const path = `classes[${i}]`
    const first = classes.get(entry.name)
    if (first !== undefined)
      yield { path: `${path}.name`, message: `"${entry.name}" is already the name of classes[${first}]` }
    classes.set(entry.name, first ?? i)
    if (entry.proven !== undefined && !names.has(entry.proven))
      yield { path: `${path}.proven`, message: `"${entry.proven}" is no configured model; ${known}` }
    for (const [j, model] of (entry.models ?? []).entries())
      if (!names.has(model))
        yield { path: `${path}.models[${j}]`, message: `"${model}" is no configured model; ${known}` }
    const { floors, satisfaction } = entry
    if (floors !== undefined && floors.min > floors.max)
      yield { path: `${path}.floors`, message: `min ${floors.min} is above max ${floors.max}` }
    else if (floors !== undefined && (satisfaction.floor < floors.min || satisfaction.floor > floors.max))
      yield {
        path: `${path}.satisfaction.floor`,
        message: `${satisfaction.floor} is outside the class's own floors, ${floors.min} to ${floors.max}`,
      }
  }
  const mentioned: [string, string | undefined][] = [
    ['defaultClass', document.defaultClass],
    ...Object.entries(document.aliases).map(([alias, name]): [string, string] => [`aliases.${alias}`, name]),
  ]
  for (const [path, name] of mentioned)
    if (name !== undefined && !classes.has(name))
      yield {
        path,
        message: `"${name}" is no configured class; expected one of ${[...classes.keys()].join(', ')}`,
      }
  for (const alias of Object.keys(document.aliases))
    if (/^auto($|[/@])/.test(alias) || names.has(alias))
      yield {
        path: `aliases.${alias}`,
        message: `"${alias}" already means something else; choose another name`,
      }
}

/** A policy's name with the model of its argument written out: `fixed:small` becomes `fixed:vllm/small`. */
export function policyName(policy: string, names: ReadonlyMap<string, string>): string {
  const colon = policy.indexOf(':')
  const argument = policy.slice(colon + 1)
  return colon < 0 ? policy : `${policy.slice(0, colon)}:${names.get(argument) ?? argument}`
}

function* checkPolicies(document: ConfigDocument): Generator<ConfigFault> {
  const names = modelNames(document)
  for (const [i, entry] of document.classes.entries()) {
    const path = `classes[${i}].policy`
    const argument = entry.policy.includes(':') ? entry.policy.slice(entry.policy.indexOf(':') + 1) : null
    const parameterFaults = [...checkParameters(entry, `classes[${i}].policyParameters`)]
    yield* parameterFaults
    if (argument !== null && !names.has(argument))
      yield {
        path,
        message: `"${argument}" is no configured model; expected one of ${[...names.keys()].join(', ')}`,
      }
    // What must be trained first cannot be built here: whether an artefact or a saved state is there shows at the start.
    else if (parameterFaults.length === 0 && !mustBeTrained(entry.policy)) {
      const { policyParameters: parameters, auditBudget } = entry
      try {
        createPolicy(policyName(entry.policy, names), {
          parameters,
          training: null,
          snapshot: null,
          auditBudget,
        })
      } catch (error) {
        yield { path, message: error instanceof Error ? error.message : String(error) }
      }
    }
  }
}

function* checkPromises(document: ConfigDocument): Generator<ConfigFault> {
  for (const [i, { satisfaction, feedback, policy, auditBudget }] of document.classes.entries()) {
    const sla = { ...satisfaction, feedback: feedback.kind }
    const message = promiseRefusal({ sla, policy, auditBudget })
    if (message !== null) yield { path: `classes[${i}].satisfaction.promise`, message }
  }
}

/** Whether a policy refuses a cold start. */
export function mustBeTrained(policy: string): boolean {
  return policyDefinitions.some(({ name, needsTraining }) => name === policy && needsTraining === true)
}

function* checkParameters(entry: ConfigDocument['classes'][number], path: string): Generator<ConfigFault> {
  const name = entry.policy.split(':')[0] ?? ''
  const definition = policyDefinitions.find(candidate => candidate.name === name)
  if (definition === undefined) return
  for (const [parameter, value] of Object.entries(entry.policyParameters)) {
    const found = definition.parameters.find(candidate => candidate.name === parameter)
    if (found === undefined) {
      const list = definition.parameters.map(candidate => candidate.name).join(', ')
      yield {
        path: `${path}.${parameter}`,
        message: `${name} has no such parameter; it has ${list === '' ? 'none' : list}`,
      }
    } else if (value < found.min || value > found.max)
      yield {
        path: `${path}.${parameter}`,
        message: `must be from ${found.min} to ${found.max} (${value} was given)`,
      }
  }
}

function* checkKeys(document: ConfigDocument): Generator<ConfigFault> {
  const classes = new Set(document.classes.map(entry => entry.name))
  const seen = new Set<string>()
  const hashes = new Set<string>()
  for (const [i, key] of document.keys.entries()) {
    if (seen.has(key.name))
      yield { path: `keys[${i}].name`, message: `"${key.name}" names another key already` }
    seen.add(key.name)
    const hash = key.sha256.toLowerCase()
    if (hashes.has(hash)) yield { path: `keys[${i}].sha256`, message: 'is the hash of another key already' }
    hashes.add(hash)
    for (const [j, name] of (key.classes ?? []).entries())
      if (!classes.has(name))
        yield { path: `keys[${i}].classes[${j}]`, message: `"${name}" is no configured class` }
    const fallback = key.defaultClass
    if (fallback !== undefined && !(key.classes ?? [...classes]).includes(fallback))
      yield { path: `keys[${i}].defaultClass`, message: `"${fallback}" is not among the classes of the key` }
    if (key.floors !== undefined && key.floors.min > key.floors.max)
      yield { path: `keys[${i}].floors`, message: `min ${key.floors.min} is above max ${key.floors.max}` }
  }
}

function* checkListen(document: ConfigDocument): Generator<ConfigFault> {
  const { host, adminHost, port, admin } = document.listen
  if (document.keys.length === 0 && !isLoopback(host))
    yield {
      path: 'listen.host',
      message: `"${host}" can be reached by others, so keys are needed; add keys or listen on 127.0.0.1`,
    }
  if (!isLoopback(adminHost))
    yield {
      path: 'listen.adminHost',
      message: `"${adminHost}" can be reached by others and the admin API asks for no key; use 127.0.0.1`,
    }
  if (port !== 0 && port === admin)
    yield { path: 'listen.admin', message: `${admin} is the main port already; the admin API needs its own` }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

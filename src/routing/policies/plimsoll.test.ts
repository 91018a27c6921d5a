import { policyContract } from '../policy.contract.ts'
import { plimsoll } from './plimsoll.ts'

policyContract('plimsoll', overrides =>
  plimsoll.create({ parameters: {}, training: null, snapshot: null, auditBudget: 0, ...overrides }, null),
)

import { createMemoryStore } from './memory.ts'
import { describeStore } from './store.contract.ts'

describeStore({ name: 'memory', open: async () => createMemoryStore(), reopen: null })

import type { TestDefinition } from '../../cases/test-case.ts'
import start from '../start/definition.ts'

/** xcluster's name for a start without extra ovls. */
export default { ...start, sameAs: 'start' } satisfies TestDefinition

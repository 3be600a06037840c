import type { TestDefinition } from '../../cases/definition.ts'
import start from '../start/definition.ts'

/** xcluster's name for a start without extra ovls. */
export default { ...start, sameAs: 'start' } satisfies TestDefinition

import type { ValueSource } from './source.ts'

// Loaded at a key, not for every help.
const values = () => import('./values.ts')

/** Tests, and directories of ovls. */
export const testsOrOvls: ValueSource = async partial => (await values()).testsOrOvls(partial)

/** Tests with their own reachability. */
export const provingTests: ValueSource = async () => (await values()).provingTests()

/** Names of clusters of this user. */
export const clusterNames: ValueSource = async (_, { environment }) => (await values()).clusterNames(environment)

/** Nodes of the selected running cluster. */
export const nodes: ValueSource = async (_, typed) => (await values()).nodes(typed)

/** Nodes, and PODs of the node at the cursor. */
export const targets: ValueSource = async (partial, typed) => (await values()).targets(partial, typed)

/** Files on this host, or `vm-001:` after the beginning of a target. */
export const filesOrTargets: ValueSource = async (partial, typed) => (await values()).filesOrTargets(partial, typed)

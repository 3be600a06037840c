import type { ValueSource } from './source.ts'

// What they look up is loaded at a key, not for every help.
const values = () => import('./values.ts')

/** Tests, and directories of ovls. */
export const testsOrOvls: ValueSource = async partial => (await values()).testsOrOvls(partial)

/** Tests that say which PODs reach each other. */
export const provingTests: ValueSource = async () => (await values()).provingTests()

/** Names of clusters of this user. */
export const clusterNames: ValueSource = async (_, { environment }) => (await values()).clusterNames(environment)

/** Nodes of the running cluster that is meant. */
export const nodes: ValueSource = async (_, typed) => (await values()).nodes(typed)

/** Nodes, and PODs of the node whose name is typed. */
export const targets: ValueSource = async (partial, typed) => (await values()).targets(partial, typed)

/** Files of this host, or `vm-001:` where the beginning of a target is typed. */
export const filesOrTargets: ValueSource = async (partial, typed) => (await values()).filesOrTargets(partial, typed)

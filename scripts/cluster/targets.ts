import { type Failure, usageFailure } from '../errors/failure.ts'

/** The name of a node, on its own or in the name of a POD, after any $NAME_PREFIX. */
const NODE_NAME = /vm-(\d{3})/

/** The node in the name of a node, POD or namespace; undefined when there is none. */
export function nodeIn(target: string): { readonly name: string; readonly number: number } | undefined {
  const [name, digits] = NODE_NAME.exec(target) ?? []
  return name === undefined ? undefined : { name, number: Number(digits) }
}

/**
 * @param where such as `of cluster 'mine'`
 * @param nodes how nodes are named, or which exist
 */
export const noSuchNode = (target: string, where: string, nodes: string): Failure =>
  usageFailure('NO_SUCH_NODE', `'${target}' is not a node or POD ${where}`, {
    hint: `${nodes}; PODs are named like vm-001-ns01, other network namespaces like vm-001/name`,
  })

/** The name of a target within its node: foreign namespaces have targets such as `vm-001/red`. */
export const namespaceOf = (node: string, target: string): string =>
  target.startsWith(`${node}/`) ? target.slice(node.length + 1) : target

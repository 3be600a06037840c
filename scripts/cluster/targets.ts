import { type Failure, usageFailure } from '../errors/failure.ts'

/** The name of a node, also as a part of its PODs', with whatever $NAME_PREFIX put in front. */
const NODE_NAME = /vm-(\d{3})/

/** The node in the name of a node, POD or namespace; undefined where none is in it. */
export function nodeIn(target: string): { readonly name: string; readonly number: number } | undefined {
  const [name, digits] = NODE_NAME.exec(target) ?? []
  return name === undefined ? undefined : { name, number: Number(digits) }
}

/**
 * @param where as in `of cluster 'mine'`
 * @param vms how they are called, or which exist
 */
export const noSuchNode = (target: string, where: string, vms: string): Failure =>
  usageFailure('NO_SUCH_NODE', `'${target}' is no VM or POD ${where}`, {
    hint: `${vms}, PODs are called like vm-001-ns01, other network namespaces like vm-001/name`,
  })

/** What a target in a node is called there: foreign namespaces are targets as in `vm-001/red`. */
export const namespaceOf = (node: string, target: string): string =>
  target.startsWith(`${node}/`) ? target.slice(node.length + 1) : target

import type { NodeShell } from '../../scripts/cni/runtime/shell.ts'
import { capture, type Node } from '../../scripts/ssh/node.ts'

/** Runs commands on a node, outside of a test of the runner. */
export const shellOf = (node: Node): NodeShell => ({
  name: node.name,
  run: (words, stdin) => capture(node, words, undefined, stdin),
})

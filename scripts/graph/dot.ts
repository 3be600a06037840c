import { plainLines } from '../host/text.ts'
import type { Graph, GraphInterface } from './graph.ts'

/** A graph in Graphviz's DOT language: `… --format dot | dot -Tpdf`. */
export function toDot({ nodes, links }: Graph): string {
  const lines = ['graph network {', '  node [shape=box fontname="sans-serif" fontsize=10]', '  compound=true']
  for (const [index, { name, interfaces, pods }] of nodes.entries()) {
    lines.push(`  subgraph cluster_${index} {`, `    label=${quote(name)}`)
    for (const device of interfaces) lines.push(`    ${vertex(device)}`)
    for (const [position, pod] of pods.entries()) {
      lines.push(`    subgraph cluster_${index}_${position} {`, `      label=${quote(pod.name)}`)
      for (const device of pod.interfaces) lines.push(`      ${vertex(device)}`)
      lines.push('    }')
    }
    lines.push('  }')
  }
  for (const { kind, from, to } of links) lines.push(`  ${quote(from)} -- ${quote(to)} [tooltip=${quote(kind)}]`)
  return `${lines.join('\n')}\n}\n`
}

function vertex({ id, name, kind, up, addresses, detail }: GraphInterface): string {
  const label = [`${name} (${kind}${detail ? ` ${detail}` : ''})${up ? '' : ' DOWN'}`, ...addresses]
  return `${quote(id)} [label=${quote(label.join('\n'))}${up ? '' : ' style=dashed'}]`
}

const quote = (text: string): string =>
  `"${plainLines(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`

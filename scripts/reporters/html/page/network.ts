import type { Graph, GraphInterface, GraphLink, GraphNode } from '../../../graph/graph.ts'
import { graphSvg } from '../../../graph/svg.ts'
import type { Packed, TestData } from '../data.ts'
import { describeOnHover } from './card.ts'
import { element } from './dom.ts'
import { rove } from './roving.ts'
import { unpackJson } from './unpack.ts'

/** How many nodes are drawn at once. */
const AT_ONCE = 4

/** Draws the network, with a selection of nodes if there are many. */
export async function networkPart(test: TestData, packed: Packed): Promise<readonly HTMLElement[]> {
  const graph = await unpackJson<Graph>(packed)
  const choices = choicesOf(graph, test)
  const picture = element('div', { class: 'network scroll' })
  const show = (names: readonly string[]) => drawInto(picture, graph, names)
  const [first] = choices
  if (!first) return [element('p', { class: 'none' }, 'No node reported its network.')]
  show(first.names)
  const hint = element(
    'p',
    { class: 'hint' },
    'Arrow keys go from box to box; a box lists its interfaces, addresses and links.',
  )
  if (choices.length === 1) return [picture, hint]
  const select = element('select', {}, ...choices.map(({ title }, index) => element('option', { value: index }, title)))
  select.addEventListener('change', () => show(choices[Number(select.value)]?.names ?? []))
  return [element('form', { class: 'controls' }, element('label', {}, 'Nodes', select)), picture, hint]
}

/** The network of some nodes. */
export async function networkOfNodes(packed: Packed, names: readonly string[]): Promise<readonly HTMLElement[]> {
  const picture = element('div', { class: 'network scroll' })
  drawInto(picture, await unpackJson<Graph>(packed), names)
  return [picture]
}

/** Nodes with failures come first. */
function choicesOf(
  { nodes }: Graph,
  test: TestData,
): readonly { readonly title: string; readonly names: readonly string[] }[] {
  const names = nodes.map(({ name }) => name)
  if (names.length === 0) return []
  const all = { title: `all ${names.length}`, names }
  const failed = names.filter(name =>
    test.steps.some(({ nodes: on }) => on.some(({ node, failure }) => failure && test.nodes[node] === name)),
  )
  const bad = { title: `where something failed (${failed.length})`, names: failed.slice(0, AT_ONCE) }
  const first = failed.length > 0 && failed.length < names.length ? [bad] : []
  if (names.length <= AT_ONCE) return [...first, all]
  const parts = Array.from({ length: Math.ceil(names.length / AT_ONCE) }, (_, index) => {
    const part = names.slice(index * AT_ONCE, (index + 1) * AT_ONCE)
    return { title: part.length > 1 ? `${part[0]} – ${part.at(-1)}` : String(part[0]), names: part }
  })
  return [...first, ...parts, all]
}

function drawInto(place: HTMLElement, graph: Graph, names: readonly string[]): void {
  const nodes = graph.nodes.filter(({ name }) => names.includes(name))
  const ids = new Set(nodes.flatMap(interfacesOf).map(({ id }) => id))
  const links = graph.links.filter(({ from }) => ids.has(from))
  // Its texts are escaped. Parsed as HTML, which accepts any character in names.
  const parsed = new DOMParser().parseFromString(graphSvg({ version: 1, nodes, links }, 'part of a page'), 'text/html')
  const svg = parsed.querySelector('svg')
  if (!svg) return
  svg.setAttribute('role', 'group')
  svg.setAttribute('aria-label', `Network of ${names.length === 1 ? names[0] : `${names.length} nodes`}`)
  const fresh = element('div', {}, svg)
  const byId = new Map(graph.nodes.flatMap(interfacesOf).map(device => [device.id, device]))
  const idsOf = (box: Element) => (box.getAttribute('data-ids') ?? '').split(' ')
  const linesOf = (box: Element) => [
    box.querySelector('text')?.textContent ?? '',
    ...idsOf(box).flatMap(id => describeInterface(byId.get(id), graph.links)),
  ]
  const boxes = [...svg.querySelectorAll<SVGElement>('.box')]
  for (const box of boxes) {
    box.setAttribute('role', 'img')
    box.setAttribute('aria-label', linesOf(box).join(', '))
  }
  const rows = nodes.map(node => {
    const own = new Set(interfacesOf(node).map(({ id }) => id))
    return boxes.filter(box => idsOf(box).some(id => own.has(id)))
  })
  rove(fresh, rows)
  describeOnHover(fresh, '.box', linesOf)
  emphasize(fresh, svg)
  place.replaceChildren(fresh)
}

/** Emphasizes the links of the box at the pointer or focus. */
function emphasize(place: HTMLElement, svg: SVGElement): void {
  const mark = (target: EventTarget | null) => {
    const box = target instanceof Element ? target.closest('.box') : null
    const ids = new Set((box?.getAttribute('data-ids') ?? '').split(' ').filter(Boolean))
    for (const link of svg.querySelectorAll('.link')) {
      const ends = (link.getAttribute('data-ends') ?? '').split(' ')
      link.classList.toggle(
        'looked-at',
        ends.some(end => ids.has(end)),
      )
    }
  }
  place.addEventListener('pointerover', event => mark(event.target))
  place.addEventListener('pointerleave', () => mark(null))
  place.addEventListener('focusin', event => mark(event.target))
}

const interfacesOf = ({ interfaces, pods }: GraphNode): readonly GraphInterface[] => [
  ...interfaces,
  ...pods.flatMap(pod => pod.interfaces),
]

function describeInterface(device: GraphInterface | undefined, links: readonly GraphLink[]): readonly string[] {
  if (!device) return []
  const { id, name, kind, detail, up, addresses } = device
  return [
    `${name}: ${kind}${detail ? ` ${detail}` : ''}, ${up ? 'up' : 'DOWN'}`,
    ...addresses.map(address => `  ${address}`),
    ...links.filter(({ from }) => from === id).map(({ kind: how, to }) => `  ${WAYS[how]} ${to}`),
  ]
}

const WAYS: Readonly<Record<GraphLink['kind'], string>> = {
  veth: 'other end:',
  port: 'port of',
  below: 'on top of',
  net: 'on',
  tunnel: 'tunnel to',
}

import { escapeXml } from '../report/text.ts'
import type { Graph, GraphInterface, GraphLink, GraphNode, GraphPod } from './graph.ts'

const FONT = 11
const LINE = FONT + 3
const PAD = 10
const BOX = 158
const GAP = 14
/** PODs beside each other in a node before they go into another row. */
const MOST_BESIDE = 6
const ROW_GAP = 46
const COLOURS: Readonly<Record<string, string>> = {
  pod: '#e1f0e4',
  bridge: '#fdebc8',
  nic: '#dfe7f5',
  vlan: '#ece1f3',
  vxlan: '#ece1f3',
  ip6tnl: '#ece1f3',
}
const OTHER = '#f0f0f0'
const DOWN = '#d55e00'

/** A drawn thing's place, in pixels. */
interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/**
 * Draws a network: a box for each node, in it PODs above, bridges and what else was made in the middle, NICs below; the nets that
 * join the nodes run underneath.
 * @returns an SVG of its own: no script, no style sheet, no font from elsewhere
 */
export function graphSvg(graph: Graph): string {
  const drawn = new Drawing(graph)
  return drawn.text()
}

class Drawing {
  readonly #graph: Graph
  readonly #places = new Map<string, Place>()
  readonly #frames: string[] = []
  readonly #boxes: string[] = []
  readonly #lines: string[] = []
  #width = 0
  #bottom = 0

  constructor(graph: Graph) {
    this.#graph = graph
    let x = GAP
    for (const node of graph.nodes) x += this.#node(node, x) + GAP
    this.#width = x
    this.#nets()
    for (const { kind, from, to } of graph.links) if (kind !== 'net') this.#link(from, to)
  }

  text(): string {
    const [width, height] = [this.#width, this.#bottom + GAP]
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="${FONT}">
<rect width="100%" height="100%" fill="#ffffff"/>
${[...this.#frames, ...this.#lines, ...this.#boxes].join('\n')}
</svg>
`
  }

  /** @returns its width */
  #node({ name, interfaces, pods }: GraphNode, left: number): number {
    const isPort = (device: GraphInterface) => device.kind === 'veth' && this.#isEndOfPod(device.id)
    const nics = interfaces.filter(({ kind }) => kind === 'nic')
    const made = interfaces.filter(device => device.kind !== 'nic' && !isPort(device))
    const beside = Math.max(Math.min(pods.length, MOST_BESIDE), made.length, nics.length, 1)
    const width = beside * (BOX + GAP) + GAP
    let y = GAP + LINE + PAD
    for (let first = 0; first < pods.length; first += MOST_BESIDE) {
      const row = pods.slice(first, first + MOST_BESIDE)
      y += this.#row(row.map(podBox), left, width, y) + (first + MOST_BESIDE < pods.length ? GAP : ROW_GAP)
    }
    for (const row of [made, nics])
      if (row.length > 0) y += this.#row(row.map(interfaceBox), left, width, y) + (row === nics ? PAD : ROW_GAP)
    const frame = { x: left, y: GAP, width, height: y - GAP }
    this.#frames.push(
      `<rect ${attributes(frame)} rx="6" fill="none" stroke="#888888"/><text x="${left + PAD}" y="${GAP + LINE}" font-weight="bold" font-size="${FONT + 2}">${escapeXml(name)}</text>`,
    )
    this.#bottom = Math.max(this.#bottom, y)
    return width
  }

  /** @returns its height */
  #row(boxes: readonly Box[], left: number, width: number, y: number): number {
    const height = Math.max(...boxes.map(({ lines }) => lines.length)) * LINE + PAD
    const room = boxes.length * (BOX + GAP) - GAP
    for (const [index, box] of boxes.entries()) {
      const place = { x: left + (width - room) / 2 + index * (BOX + GAP), y, width: BOX, height }
      for (const id of box.ids) this.#places.set(id, place)
      const lines = box.lines.map(
        (line, position) =>
          `<text x="${place.x + BOX / 2}" y="${y + PAD / 2 + FONT + position * LINE}" text-anchor="middle"${position === 0 ? ' font-weight="bold"' : ''}>${escapeXml(line)}</text>`,
      )
      const stroke = box.up ? 'stroke="#666666"' : `stroke="${DOWN}" stroke-width="2" stroke-dasharray="4 3"`
      this.#boxes.push(`<rect ${attributes(place)} rx="4" fill="${box.colour}" ${stroke}/>${lines.join('')}`)
    }
    return height
  }

  #isEndOfPod(id: string): boolean {
    return this.#graph.links.some(({ kind, to }) => kind === 'veth' && to === id)
  }

  /** A veth's end in the node has no box: the line goes on to the bridge of which it is a port. */
  #link(from: string, to: string): void {
    const end = this.#places.has(to)
      ? to
      : this.#graph.links.find(({ kind, from: port }) => kind === 'port' && port === to)?.to
    const [start, target] = [this.#places.get(from), this.#places.get(end ?? '')]
    if (!start || !target || start === target) return
    const [upper, lower] = start.y <= target.y ? [start, target] : [target, start]
    const [x1, y1] = [upper.x + upper.width / 2, upper.y + upper.height]
    const [x2, y2] = [lower.x + lower.width / 2, lower.y]
    const bend = upper.y === lower.y ? upper.y + upper.height + ROW_GAP / 2 : (y1 + y2) / 2
    this.#lines.push(`<path d="M${x1} ${y1}C${x1} ${bend} ${x2} ${bend} ${x2} ${y2}" fill="none" stroke="#666666"/>`)
  }

  /** Nets to which one interface alone belongs join nothing. */
  #nets(): void {
    const members = new Map<string, GraphLink[]>()
    for (const link of this.#graph.links.filter(({ kind }) => kind === 'net'))
      members.set(link.to, [...(members.get(link.to) ?? []), link])
    for (const [net, links] of [...members].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))) {
      const places = links.map(({ from }) => this.#places.get(from)).filter(place => place !== undefined)
      if (places.length < 2) continue
      this.#bottom += ROW_GAP
      const y = this.#bottom
      const centres = places.map(({ x, width }) => x + width / 2)
      this.#lines.push(
        `<path d="M${Math.min(...centres)} ${y}H${Math.max(...centres)}" stroke="#3182bd" stroke-width="3"/>`,
      )
      for (const [index, { y: top, height }] of places.entries())
        this.#lines.push(`<path d="M${centres[index]} ${top + height}V${y}" stroke="#3182bd"/>`)
      this.#boxes.push(`<text x="${Math.min(...centres)}" y="${y - 5}" fill="#08519c">${escapeXml(net)}</text>`)
    }
  }
}

interface Box {
  readonly ids: readonly string[]
  readonly lines: readonly string[]
  readonly colour: string
  readonly up: boolean
}

const podBox = ({ name, interfaces }: GraphPod): Box => ({
  ids: interfaces.map(({ id }) => id),
  lines: [name, ...interfaces.flatMap(linesOf)],
  colour: COLOURS.pod ?? OTHER,
  up: interfaces.every(({ up }) => up),
})

const interfaceBox = (device: GraphInterface): Box => ({
  ids: [device.id],
  lines: linesOf(device),
  colour: COLOURS[device.kind] ?? OTHER,
  up: device.up,
})

const linesOf = ({ name, kind, detail, up, addresses }: GraphInterface): readonly string[] => [
  `${name}${kind === 'nic' || kind === 'veth' ? '' : ` (${kind}${detail ? ` ${detail}` : ''})`}${up ? '' : ' is down'}`,
  ...addresses,
]

const attributes = ({ x, y, width, height }: Place) => `x="${x}" y="${y}" width="${width}" height="${height}"`

import { escapeXml } from '../report/text.ts'
import type { Graph, GraphInterface, GraphLink, GraphNode, GraphPod } from './graph.ts'

const FONT = 11
const LINE = FONT + 3
const PAD = 10
/** Width of a box at least, and of a letter at most. */
const BOX = 158
const LETTER = 6.8
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
  ipvlan: '#e1f0e4',
  macvlan: '#e1f0e4',
}
const OTHER = '#f0f0f0'
/** From the PODs down; what is in no row is beside the hardware. */
const ROWS: readonly (readonly string[])[] = [['bridge'], ['vlan', 'veth', 'dummy', 'bond']]
const DOWN = '#d55e00'
const NET = { kind: 'net', line: '#3182bd', text: '#08519c', dashes: '' }
const TUNNEL: typeof NET = { kind: 'tunnel', line: '#756bb1', text: '#54278f', dashes: ' stroke-dasharray="6 4"' }

/** A drawn thing's place, in pixels. */
interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/**
 * Draws a network: a box for each node, in it PODs above, bridges and VLANs in the middle, NICs and what is beside them below; the
 * nets and tunnels that join the nodes run underneath.
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
  readonly #box: number
  #width = 0
  #bottom = 0

  constructor(graph: Graph) {
    this.#graph = graph
    const boxes = graph.nodes.flatMap(({ pods, interfaces }) => [...pods.map(podBox), ...interfaces.map(interfaceBox)])
    this.#box = Math.max(BOX, ...boxes.flatMap(({ lines }) => lines.map(({ length }) => length * LETTER + PAD)))
    let x = GAP
    for (const node of graph.nodes) x += this.#node(node, x) + GAP
    this.#width = x
    this.#nets()
    this.#tunnels()
    for (const { kind, from, to } of graph.links) if (kind !== 'net' && kind !== 'tunnel') this.#link(from, to)
  }

  text(): string {
    const [width, height] = [this.#width, this.#bottom + GAP]
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="${FONT}">
<rect class="paper" width="100%" height="100%" fill="#ffffff"/>
${[...this.#frames, ...this.#lines, ...this.#boxes].join('\n')}
</svg>
`
  }

  /** @returns its width */
  #node({ name, interfaces, pods }: GraphNode, left: number): number {
    const isPort = (device: GraphInterface) => device.kind === 'veth' && this.#isEndOfPod(device.id)
    const middle = ROWS.map(kinds => interfaces.filter(device => kinds.includes(device.kind) && !isPort(device)))
    const isBelow = ({ kind }: GraphInterface) => !ROWS.flat().includes(kind)
    const rows = [...middle, interfaces.filter(isBelow)].filter(({ length }) => length > 0)
    const beside = Math.max(Math.min(pods.length, MOST_BESIDE), ...rows.map(({ length }) => length), 1)
    const width = beside * (this.#box + GAP) + GAP
    let y = GAP + LINE + PAD
    for (let first = 0; first < pods.length; first += MOST_BESIDE) {
      const row = pods.slice(first, first + MOST_BESIDE)
      y += this.#row(row.map(podBox), left, width, y) + (first + MOST_BESIDE < pods.length ? GAP : ROW_GAP)
    }
    for (const row of rows)
      y += this.#row(row.map(interfaceBox), left, width, y) + (row === rows.at(-1) ? PAD : ROW_GAP)
    const frame = { x: left, y: GAP, width, height: y - GAP }
    this.#frames.push(
      `<rect class="frame" ${attributes(frame)} rx="6" fill="none" stroke="#888888"/><text x="${left + PAD}" y="${GAP + LINE}" font-weight="bold" font-size="${FONT + 2}">${escapeXml(name)}</text>`,
    )
    this.#bottom = Math.max(this.#bottom, y)
    return width
  }

  /** @returns its height */
  #row(boxes: readonly Box[], left: number, width: number, y: number): number {
    const height = Math.max(...boxes.map(({ lines }) => lines.length)) * LINE + PAD
    const room = boxes.length * (this.#box + GAP) - GAP
    for (const [index, box] of boxes.entries()) {
      const place = { x: left + (width - room) / 2 + index * (this.#box + GAP), y, width: this.#box, height }
      for (const id of box.ids) this.#places.set(id, place)
      const lines = box.lines.map(
        (line, position) =>
          `<text x="${place.x + this.#box / 2}" y="${y + PAD / 2 + FONT + position * LINE}" text-anchor="middle"${position === 0 ? ' font-weight="bold"' : ''}>${escapeXml(line)}</text>`,
      )
      const stroke = box.up ? 'stroke="#666666"' : `stroke="${DOWN}" stroke-width="2" stroke-dasharray="4 3"`
      const marks = `class="box ${escapeXml(box.kind)}${box.up ? '' : ' down'}" data-ids="${escapeXml(box.ids.join(' '))}"`
      this.#boxes.push(
        `<g ${marks}><rect ${attributes(place)} rx="4" fill="${COLOURS[box.kind] ?? OTHER}" ${stroke}/>${lines.join('')}</g>`,
      )
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
    const marks = `class="link" data-ends="${escapeXml(`${from} ${to} ${end}`)}"`
    if (start.y === target.y) {
      const [x1, x2, y] = [start.x + start.width / 2, target.x + target.width / 2, start.y + LINE]
      this.#lines.push(`<path ${marks} d="M${x1} ${y}H${x2}" stroke="#666666"/>`)
      return
    }
    const [upper, lower] = start.y < target.y ? [start, target] : [target, start]
    const [x1, y1] = [upper.x + upper.width / 2, upper.y + upper.height]
    const [x2, y2] = [lower.x + lower.width / 2, lower.y]
    const bend = (y1 + y2) / 2
    const path = `M${x1} ${y1}C${x1} ${bend} ${x2} ${bend} ${x2} ${y2}`
    this.#lines.push(`<path ${marks} d="${path}" fill="none" stroke="#666666"/>`)
  }

  /** Nets to which one interface alone belongs join nothing. */
  #nets(): void {
    const members = new Map<string, GraphLink[]>()
    for (const link of this.#graph.links.filter(({ kind }) => kind === 'net'))
      members.set(link.to, [...(members.get(link.to) ?? []), link])
    for (const [net, links] of [...members].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })))
      this.#join(
        net,
        links.map(({ from }) => from),
        NET,
      )
  }

  /** Those that lead both ways: a device of each node, with routes to each other's. */
  #tunnels(): void {
    const pairs = this.#graph.links.filter(({ kind }) => kind === 'tunnel')
    const nodeOf = (id: string) => id.slice(0, id.indexOf('/'))
    const mutual = pairs.filter(({ from, to }) =>
      pairs.some(other => nodeOf(other.from) === nodeOf(to) && nodeOf(other.to) === nodeOf(from)),
    )
    const devices = new Map(this.#graph.nodes.flatMap(node => node.interfaces.map(device => [device.id, device])))
    const members = new Map<string, Set<string>>()
    for (const { from } of mutual) {
      const device = devices.get(from)
      const label = `${device?.name}: tunnels (${device?.kind})`
      members.set(label, (members.get(label) ?? new Set()).add(from))
    }
    for (const [label, ids] of members) this.#join(label, [...ids], TUNNEL)
  }

  /** A line underneath, to which interfaces lead. */
  #join(label: string, ids: readonly string[], { kind, line, text, dashes }: typeof NET): void {
    const places = ids.map(id => this.#places.get(id)).filter(place => place !== undefined)
    if (places.length < 2) return
    this.#bottom += ROW_GAP
    const y = this.#bottom
    const centres = places.map(({ x, width }) => x + width / 2)
    const [first, last] = [Math.min(...centres), Math.max(...centres)]
    this.#lines.push(`<path class="${kind}" d="M${first} ${y}H${last}" stroke="${line}" stroke-width="3"${dashes}/>`)
    for (const [index, { y: top, height }] of places.entries())
      this.#lines.push(`<path class="${kind}" d="M${centres[index]} ${top + height}V${y}" stroke="${line}"${dashes}/>`)
    this.#boxes.push(
      `<text class="${kind}" x="${first + PAD / 2}" y="${y - PAD / 2}" fill="${text}">${escapeXml(label)}</text>`,
    )
  }
}

/** A thing that is drawn as a box. Class and `data-ids` of its element are for a page that holds the picture. */
interface Box {
  /** The interfaces in it. */
  readonly ids: readonly string[]
  readonly lines: readonly string[]
  /** `pod`, or the interface's. */
  readonly kind: string
  readonly up: boolean
}

const podBox = ({ name, interfaces }: GraphPod): Box => ({
  ids: interfaces.map(({ id }) => id),
  lines: [name, ...interfaces.flatMap(linesOf)],
  kind: 'pod',
  up: interfaces.every(({ up }) => up),
})

const interfaceBox = (device: GraphInterface): Box => ({
  ids: [device.id],
  lines: linesOf(device),
  kind: device.kind,
  up: device.up,
})

const linesOf = ({ name, kind, detail, up, addresses }: GraphInterface): readonly string[] => [
  `${name}${kind === 'nic' || kind === 'veth' ? '' : ` (${kind}${detail ? ` ${detail}` : ''})`}${up ? '' : ' is down'}`,
  ...addresses,
]

const attributes = ({ x, y, width, height }: Place) => `x="${x}" y="${y}" width="${width}" height="${height}"`

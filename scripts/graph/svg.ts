import { escapeXml } from '../host/text.ts'
import { type Box, interfaceBox, podBox } from './boxes.ts'
import type { Graph, GraphInterface, GraphNode } from './graph.ts'
import { type Join, nets, tunnels } from './joins.ts'

const FONT = 11
const LINE = FONT + 3
const PAD = 10
/** Width of a box at least, and of a letter at most. */
const BOX = 158
const LETTER = 6.8
const GAP = 14
/** PODs beside each other in a node before they go into another row. */
const MOST_BESIDE = 6
/** Width up to which nodes stand beside each other: on a page, and in a README, it is still legible. */
const WIDEST = 1160
/** Nets that join nodes of several rows lead from one to the next at the left edge, this far from each other. */
const SPINE = 12
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
/** Where the picture is a document of its own, it follows the theme of its reader; a page that holds it has its own style. */
const DARK = `<style>@media (prefers-color-scheme: dark) {
svg:root { color-scheme: dark }
svg:root .paper { fill: #0d1117 }
svg:root text { fill: #e6edf3 }
svg:root text.net { fill: #79b8ff }
svg:root text.tunnel { fill: #c4b5fd }
svg:root .frame, svg:root .link, svg:root .box:not(.down) > rect { stroke: #9198a1 }
svg:root .box > rect { fill: #2d333b }
svg:root .box:is(.pod, .ipvlan, .macvlan) > rect { fill: #1f3d2b }
svg:root .box.bridge > rect { fill: #4a3a12 }
svg:root .box.nic > rect { fill: #24385c }
svg:root .box:is(.vlan, .vxlan, .ip6tnl) > rect { fill: #3d2a52 }
}</style>`
const JOINS = {
  net: { line: '#3182bd', text: '#08519c', dashes: '' },
  tunnel: { line: '#756bb1', text: '#54278f', dashes: ' stroke-dasharray="6 4"' },
} as const

/** A drawn thing's place, in pixels. */
interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/**
 * Draws a network: a box for each node, in it PODs above, bridges and VLANs in the middle, NICs and what is beside them below. Nodes
 * stand in rows; the nets and tunnels that join them run underneath each row, and from row to row at the left edge.
 * @param use a page that holds the picture has a style of its own
 * @returns an SVG that needs nothing else: no script, no font, no style sheet from elsewhere
 */
export function graphSvg(graph: Graph, use: 'document' | 'part of a page' = 'document'): string {
  return new Drawing(graph).text(use === 'document' ? `${DARK}\n` : '')
}

class Drawing {
  readonly #graph: Graph
  readonly #places = new Map<string, Place>()
  /** Below which a line from a POD meets no other POD of its node, by the POD's interfaces. */
  readonly #clear = new Map<string, number>()
  readonly #frames: string[] = []
  readonly #boxes: string[] = []
  readonly #lines: string[] = []
  readonly #box: number
  #width = 0
  #bottom = 0

  constructor(graph: Graph) {
    this.#graph = graph
    const boxes = graph.nodes.flatMap(({ pods, interfaces }) => [...pods.map(podBox), ...interfaces.map(interfaceBox)])
    this.#box = Math.ceil(
      Math.max(BOX, ...boxes.flatMap(({ lines }) => lines.map(({ length }) => length * LETTER + PAD))),
    )
    const joins = [...nets(graph), ...tunnels(graph)]
    const rows = this.#rows(WIDEST - GAP - joins.length * SPINE)
    const margin = GAP + (rows.length > 1 ? joins.length * SPINE : 0)
    const spines = joins.map((): number[] => [])
    for (const row of rows) {
      const top = this.#bottom + GAP
      let x = margin
      for (const node of row) x += this.#node(node, x, top) + GAP
      this.#width = Math.max(this.#width, x)
      const ids = new Set(row.flatMap(({ interfaces }) => interfaces.map(({ id }) => id)))
      for (const [index, join] of joins.entries()) {
        const own = [...join.ids].filter(id => ids.has(id))
        if (own.length === 0) continue
        const leavesRow = own.length < join.ids.size
        spines[index]?.push(this.#join(join, own, leavesRow ? GAP + index * SPINE : undefined))
      }
    }
    for (const [index, ys] of spines.entries()) if (ys.length > 1) this.#spine(joins[index] as Join, index, ys)
    for (const { kind, from, to } of graph.links) if (kind !== 'net' && kind !== 'tunnel') this.#link(from, to)
  }

  text(style: string): string {
    const [width, height] = [this.#width, this.#bottom + GAP]
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="${FONT}">
${style}<rect class="paper" width="100%" height="100%" fill="#ffffff"/>
${[...this.#frames, ...this.#lines, ...this.#boxes].join('\n')}
</svg>
`
  }

  /** Nodes that stand beside each other. */
  #rows(width: number): readonly (readonly GraphNode[])[] {
    const rows: GraphNode[][] = []
    let room = 0
    for (const node of this.#graph.nodes) {
      const needed = this.#beside(node) * (this.#box + GAP) + 2 * GAP
      if (needed > room) {
        rows.push([])
        room = width
      }
      rows.at(-1)?.push(node)
      room -= needed
    }
    return rows
  }

  /** Of many nodes each is as narrow as it is high. */
  #podsBeside({ length }: GraphNode['pods']): number {
    return Math.min(length, this.#graph.nodes.length > 2 ? Math.ceil(Math.sqrt(length)) : MOST_BESIDE, MOST_BESIDE)
  }

  #interfaceRows({ interfaces }: GraphNode): readonly (readonly GraphInterface[])[] {
    const isPort = (device: GraphInterface) => device.kind === 'veth' && this.#isEndOfPod(device.id)
    const middle = ROWS.map(kinds => interfaces.filter(device => kinds.includes(device.kind) && !isPort(device)))
    const isBelow = ({ kind }: GraphInterface) => !ROWS.flat().includes(kind)
    return [...middle, interfaces.filter(isBelow)].filter(({ length }) => length > 0)
  }

  /** Boxes beside each other in a node. */
  #beside(node: GraphNode): number {
    return Math.max(this.#podsBeside(node.pods), ...this.#interfaceRows(node).map(({ length }) => length), 1)
  }

  /** @returns its width */
  #node(node: GraphNode, left: number, top: number): number {
    const { name, pods } = node
    const rows = this.#interfaceRows(node)
    const width = this.#beside(node) * (this.#box + GAP) + GAP
    const beside = Math.max(this.#podsBeside(pods), 1)
    let y = top + LINE + PAD
    for (let first = 0; first < pods.length; first += beside) {
      const row = pods.slice(first, first + beside)
      y += this.#row(row.map(podBox), left, width, y) + (first + beside < pods.length ? GAP : ROW_GAP)
    }
    for (const { interfaces } of pods) for (const { id } of interfaces) this.#clear.set(id, y - ROW_GAP)
    for (const row of rows)
      y += this.#row(row.map(interfaceBox), left, width, y) + (row === rows.at(-1) ? PAD : ROW_GAP)
    const frame = { x: left, y: top, width, height: y - top }
    this.#frames.push(
      `<rect class="frame" ${attributes(frame)} rx="6" fill="none" stroke="#888888"/><text x="${left + PAD}" y="${top + LINE}" font-weight="bold" font-size="${FONT + 2}">${escapeXml(name)}</text>`,
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
    // Past the PODs below it, through the gap beside them.
    const clear = this.#clear.get(from) ?? 0
    const isBehind = upper === start && y1 < clear
    const [x, y] = isBehind ? [upper.x + upper.width + GAP / 2, clear] : [x1, y1]
    const begin = isBehind ? `M${upper.x + upper.width} ${y1 - LINE}H${x}V${y}` : `M${x} ${y}`
    const bend = (y + y2) / 2
    const path = `${begin}C${x} ${bend} ${x2} ${bend} ${x2} ${y2}`
    this.#lines.push(`<path ${marks} d="${path}" fill="none" stroke="#666666"/>`)
  }

  /**
   * A line underneath a row, to which interfaces lead.
   * @param spine where it goes on to other rows, if it does
   * @returns its y
   */
  #join({ label, kind }: Join, ids: readonly string[], spine: number | undefined): number {
    const { line, text, dashes } = JOINS[kind]
    const places = ids.map(id => this.#places.get(id)).filter(place => place !== undefined)
    this.#bottom += ROW_GAP
    const y = this.#bottom
    const centres = places.map(({ x, width }) => x + width / 2)
    const [first, last] = [Math.min(...centres), Math.max(...centres)]
    const stroke = `class="${kind}" stroke="${line}"${dashes}`
    this.#lines.push(`<path d="M${spine ?? first} ${y}H${last}" ${stroke} stroke-width="3"/>`)
    for (const [index, { y: top, height }] of places.entries())
      this.#lines.push(`<path d="M${centres[index]} ${top + height}V${y}" ${stroke}/>`)
    const at = `x="${first + PAD / 2}" y="${y - PAD / 2}"`
    this.#boxes.push(`<text class="${kind}" ${at} fill="${text}">${escapeXml(label)}</text>`)
    return y
  }

  #spine({ kind }: Join, index: number, ys: readonly number[]): void {
    const { line, dashes } = JOINS[kind]
    const stroke = `class="${kind}" stroke="${line}"${dashes} stroke-width="3"`
    this.#lines.push(`<path d="M${GAP + index * SPINE} ${Math.min(...ys)}V${Math.max(...ys)}" ${stroke}/>`)
  }
}

const attributes = ({ x, y, width, height }: Place) => `x="${x}" y="${y}" width="${width}" height="${height}"`

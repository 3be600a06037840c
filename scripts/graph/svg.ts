import { escapeXml } from '../host/text.ts'
import { type Box, interfaceBox, podBox } from './boxes.ts'
import type { Graph, GraphInterface, GraphNode } from './graph.ts'
import { attributes, dropFrom, FONT, GAP, LINE, type Place } from './places.ts'
import { nets, type Segment, tunnels } from './segments.ts'
import { COLORS, DARK, DOWN, OTHER, SEGMENT_STYLES } from './svg-style.ts'

const PAD = 10
/** Minimum width of a box, and maximum width of a character. */
const MIN_BOX_WIDTH = 158
const CHARACTER_WIDTH = 6.8
/** PODs in a row of a node. */
const MAX_POD_COLUMNS = 6
/** Maximum width of a row of nodes: still legible on a page and in a README. */
const MAX_WIDTH = 1160
/** Distance of the vertical lines at the left edge, which connect segments of several rows. */
const SPINE_GAP = 12
const ROW_GAP = 46
/** Kinds in each row below the PODs; other kinds are in the last row, with the hardware. */
const ROWS: readonly (readonly string[])[] = [['bridge'], ['vlan', 'veth', 'dummy', 'bond']]

/**
 * Draws a network: a frame for each node, with PODs above, bridges and VLANs in the middle, and NICs below. Nodes are
 * arranged in rows. Nets and tunnels run below each row, and connect rows at the left edge.
 * @param use a page brings its own style
 * @returns a self-contained SVG
 */
export function graphSvg(graph: Graph, use: 'document' | 'part of a page' = 'document'): string {
  return new Drawing(graph).text(use === 'document' ? `${DARK}\n` : '')
}

class Drawing {
  readonly #graph: Graph
  /** The node's ends of PODs' veth pairs, in the order of the PODs. */
  readonly #ends: ReadonlyMap<string, number>
  /** The bridges by their ports. */
  readonly #ports: ReadonlyMap<string, string>
  readonly #places = new Map<string, Place>()
  /** Bottom of a node's PODs, by the PODs' interfaces. */
  readonly #podsBottom = new Map<string, number>()
  readonly #frames: string[] = []
  readonly #boxes: string[] = []
  readonly #lines: string[] = []
  readonly #boxWidth: number
  #width = 0
  #bottom = 0

  constructor(graph: Graph) {
    this.#graph = graph
    const linksOf = (wanted: string) => graph.links.filter(({ kind }) => kind === wanted)
    this.#ends = new Map(linksOf('veth').map(({ to }, position) => [to, position]))
    this.#ports = new Map(linksOf('port').map(({ from, to }) => [from, to]))
    const boxes = graph.nodes.flatMap(({ pods, interfaces }) => [...pods.map(podBox), ...interfaces.map(interfaceBox)])
    this.#boxWidth = Math.ceil(
      Math.max(
        MIN_BOX_WIDTH,
        ...boxes.flatMap(({ lines }) => lines.map(({ length }) => length * CHARACTER_WIDTH + PAD)),
      ),
    )
    const segments = [...nets(graph), ...tunnels(graph)]
    const rows = this.#arrange(MAX_WIDTH - GAP - segments.length * SPINE_GAP)
    const margin = GAP + (rows.length > 1 ? segments.length * SPINE_GAP : 0)
    const spines = segments.map((): number[] => [])
    for (const row of rows) {
      const top = this.#bottom + GAP
      let x = margin
      for (const node of row) x += this.#drawNode(node, x, top) + GAP
      this.#width = Math.max(this.#width, x)
      const ids = new Set(
        row.flatMap(node => [node, ...node.pods].flatMap(({ interfaces }) => interfaces.map(({ id }) => id))),
      )
      for (const [index, segment] of segments.entries()) {
        const own = [...segment.ids].filter(id => ids.has(id))
        if (own.length === 0) continue
        const leavesRow = own.length < segment.ids.size
        spines[index]?.push(this.#drawSegment(segment, own, leavesRow ? GAP + index * SPINE_GAP : undefined))
      }
    }
    for (const [index, ys] of spines.entries())
      if (ys.length > 1) this.#drawSpine(segments[index] as Segment, index, ys)
    for (const { kind, from, to } of graph.links) if (kind !== 'net' && kind !== 'tunnel') this.#drawLink(from, to)
  }

  text(style: string): string {
    const [width, height] = [this.#width, this.#bottom + GAP]
    const font = `font-family="sans-serif" font-size="${FONT}"`
    const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font}>
${style}<rect class="paper" width="100%" height="100%" fill="#ffffff"/>
${[...this.#frames, ...this.#lines, ...this.#boxes].join('\n')}
</svg>
`
  }

  #arrange(width: number): readonly (readonly GraphNode[])[] {
    const rows: GraphNode[][] = []
    let room = 0
    for (const node of this.#graph.nodes) {
      const needed = this.#columns(node) * (this.#boxWidth + GAP) + 2 * GAP
      if (needed > room) {
        rows.push([])
        room = width
      }
      rows.at(-1)?.push(node)
      room -= needed
    }
    return rows
  }

  /** With many nodes, each is about as wide as high. */
  #podColumns({ length }: GraphNode['pods']): number {
    return Math.min(
      length,
      this.#graph.nodes.length > 2 ? Math.ceil(Math.sqrt(length)) : MAX_POD_COLUMNS,
      MAX_POD_COLUMNS,
    )
  }

  /** Without ports of bridges to PODs, and without the node's ends of PODs' veth pairs if there are many. */
  #interfaceRows({ interfaces, pods }: GraphNode): readonly (readonly GraphInterface[])[] {
    const ends = interfaces.filter(({ id }) => this.#ends.has(id))
    const free = ends.filter(({ id }) => !this.#ports.has(id))
    const hidden = new Set(free.length > this.#podColumns(pods) ? ends : ends.filter(({ id }) => this.#ports.has(id)))
    // In the order of the PODs, so that lines do not cross.
    const orderOf = ({ id }: GraphInterface) => this.#ends.get(id) ?? -1
    const shown = interfaces.filter(device => !hidden.has(device)).toSorted((a, b) => orderOf(a) - orderOf(b))
    const middle = ROWS.map(kinds => shown.filter(({ kind }) => kinds.includes(kind)))
    const isBelow = ({ kind }: GraphInterface) => !ROWS.flat().includes(kind)
    return [...middle, interfaces.filter(isBelow)].filter(({ length }) => length > 0)
  }

  /** Number of boxes in the widest row of a node. */
  #columns(node: GraphNode): number {
    return Math.max(this.#podColumns(node.pods), ...this.#interfaceRows(node).map(({ length }) => length), 1)
  }

  /** @returns its width */
  #drawNode(node: GraphNode, left: number, top: number): number {
    const { name, pods } = node
    const rows = this.#interfaceRows(node)
    const width = this.#columns(node) * (this.#boxWidth + GAP) + GAP
    const beside = Math.max(this.#podColumns(pods), 1)
    let y = top + LINE + PAD
    for (let first = 0; first < pods.length; first += beside) {
      const row = pods.slice(first, first + beside)
      y += this.#drawRow(row.map(podBox), left, width, y) + (first + beside < pods.length ? GAP : ROW_GAP)
    }
    for (const { interfaces } of pods) for (const { id } of interfaces) this.#podsBottom.set(id, y - ROW_GAP)
    for (const row of rows)
      y += this.#drawRow(row.map(interfaceBox), left, width, y) + (row === rows.at(-1) ? PAD : ROW_GAP)
    const frame = { x: left, y: top, width, height: y - top }
    const font = `font-weight="bold" font-size="${FONT + 2}"`
    this.#frames.push(
      `<rect class="frame" ${attributes(frame)} rx="6" fill="none" stroke="#888888"/>` +
        `<text x="${left + PAD}" y="${top + LINE}" ${font}>${escapeXml(name)}</text>`,
    )
    this.#bottom = Math.max(this.#bottom, y)
    return width
  }

  /** @returns its height */
  #drawRow(boxes: readonly Box[], left: number, width: number, y: number): number {
    const height = Math.max(...boxes.map(({ lines }) => lines.length)) * LINE + PAD
    const room = boxes.length * (this.#boxWidth + GAP) - GAP
    for (const [index, box] of boxes.entries()) {
      const place = { x: left + (width - room) / 2 + index * (this.#boxWidth + GAP), y, width: this.#boxWidth, height }
      for (const id of box.ids) this.#places.set(id, place)
      const lines = box.lines.map((line, position) => {
        const at = `x="${place.x + this.#boxWidth / 2}" y="${y + PAD / 2 + FONT + position * LINE}"`
        const weight = position === 0 ? ' font-weight="bold"' : ''
        return `<text ${at} text-anchor="middle"${weight}>${escapeXml(line)}</text>`
      })
      const stroke = box.up ? 'stroke="#666666"' : `stroke="${DOWN}" stroke-width="2" stroke-dasharray="4 3"`
      const state = box.up ? '' : ' down'
      const marks = `class="box ${escapeXml(box.kind)}${state}" data-ids="${escapeXml(box.ids.join(' '))}"`
      const fill = COLORS[box.kind] ?? OTHER
      this.#boxes.push(`<g ${marks}><rect ${attributes(place)} rx="4" fill="${fill}" ${stroke}/>${lines.join('')}</g>`)
    }
    return height
  }

  /** If the node's end of a POD's veth pair has no box, the line leads to its bridge. */
  #drawLink(from: string, to: string): void {
    const end = this.#places.has(to) ? to : this.#ports.get(to)
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
    // Around PODs in lower rows, through the gap beside them.
    const clear = this.#podsBottom.get(from) ?? 0
    const isBehind = upper === start && y1 < clear
    const [x, y] = isBehind ? [upper.x + upper.width + GAP / 2, clear] : [x1, y1]
    const begin = isBehind ? `M${upper.x + upper.width} ${y1 - LINE}H${x}V${y}` : `M${x} ${y}`
    const bend = (y + y2) / 2
    const path = `${begin}C${x} ${bend} ${x2} ${bend} ${x2} ${y2}`
    this.#lines.push(`<path ${marks} d="${path}" fill="none" stroke="#666666"/>`)
  }

  /**
   * Draws a line below a row, and lines from its interfaces.
   * @param spine x of the vertical line to other rows, if any
   * @returns its y
   */
  #drawSegment({ label, kind }: Segment, ids: readonly string[], spine: number | undefined): number {
    const { line, text, dashes } = SEGMENT_STYLES[kind]
    this.#bottom += ROW_GAP
    const y = this.#bottom
    const drops = ids.flatMap(id => {
      const place = this.#places.get(id)
      return place ? [dropFrom(place, this.#podsBottom.has(id))] : []
    })
    const [first, last] = [Math.min(...drops.map(({ x }) => x)), Math.max(...drops.map(({ x }) => x))]
    const stroke = `class="${kind}" stroke="${line}"${dashes}`
    this.#lines.push(`<path d="M${spine ?? first} ${y}H${last}" ${stroke} stroke-width="3"/>`)
    for (const { begin } of drops) this.#lines.push(`<path d="${begin}V${y}" fill="none" ${stroke}/>`)
    const at = `x="${first + PAD / 2}" y="${y - PAD / 2}"`
    this.#boxes.push(`<text class="${kind}" ${at} fill="${text}">${escapeXml(label)}</text>`)
    return y
  }

  #drawSpine({ kind }: Segment, index: number, ys: readonly number[]): void {
    const { line, dashes } = SEGMENT_STYLES[kind]
    const stroke = `class="${kind}" stroke="${line}"${dashes} stroke-width="3"`
    this.#lines.push(`<path d="M${GAP + index * SPINE_GAP} ${Math.min(...ys)}V${Math.max(...ys)}" ${stroke}/>`)
  }
}

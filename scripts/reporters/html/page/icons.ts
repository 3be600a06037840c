import type { ReportVerdict } from '../data.ts'
import { element } from './dom.ts'

const SVG = 'http://www.w3.org/2000/svg'

/** Each verdict has its own shape, to be recognized without color. Paths on 16 × 16. */
const PATHS: Readonly<Record<ReportVerdict, string>> = {
  passed: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm3.6 5.1-4.2 5-3-2.9 1-1 1.9 1.8 3.2-3.8z',
  flaky: 'M8 1 15.2 14H.8zM7.2 5.5v4.5h1.6V5.500zM7.200 11v1.700h1.600V11z',
  failed:
    'M5.100 1h5.800L15 5.100v5.800L10.900 15H5.100L1 10.900V5.100zm.6 3.700-1 1L7 8l-2.300 2.300 1 1L8 9l2.300 2.300 1-1L9 8l2.300-2.300-1-1L8 7z',
  broken: 'M8 .5 15.500 8 8 15.500.500 8zM7.200 4v5h1.600V4zm0 6v1.700h1.600V10z',
  interrupted: 'M2 2h12v12H2zm3 3v6h2V5zm4 0v6h2V5z',
  skipped: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM4 7.200h8v1.600H4z',
}

export function icon(verdict: ReportVerdict): SVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  for (const [name, value] of Object.entries({ viewBox: '0 0 16 16', class: `icon ${verdict}`, 'aria-hidden': 'true' }))
    svg.setAttribute(name, value)
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', PATHS[verdict])
  path.setAttribute('fill-rule', 'evenodd')
  svg.append(path)
  return svg
}

/** Icon and verdict. */
export const badge = (verdict: ReportVerdict): HTMLElement =>
  element('span', { class: `badge ${verdict}` }, icon(verdict), verdict)

/** Fill colors of boxes, by kind. */
export const COLORS: Readonly<Record<string, string>> = {
  pod: '#e1f0e4',
  bridge: '#fdebc8',
  nic: '#dfe7f5',
  vlan: '#ece1f3',
  vxlan: '#ece1f3',
  ip6tnl: '#ece1f3',
  ipvlan: '#e1f0e4',
  macvlan: '#e1f0e4',
}
/** Fill color of other kinds. */
export const OTHER = '#f0f0f0'
/** Stroke of interfaces that are down. */
export const DOWN = '#d55e00'

/** As a document of its own the picture follows the reader's theme; pages bring their own style. */
export const DARK = `<style>@media (prefers-color-scheme: dark) {
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

export const SEGMENT_STYLES = {
  net: { line: '#3182bd', text: '#08519c', dashes: '' },
  tunnel: { line: '#756bb1', text: '#54278f', dashes: ' stroke-dasharray="6 4"' },
} as const

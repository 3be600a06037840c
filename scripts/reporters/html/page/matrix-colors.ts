import type { Cell } from '../cells.ts'

/** Upper limits of round trips in milliseconds, for the steps of a hue. */
export const LIMITS = [0.3, 1, 3, 10, 30, 100, Number.POSITIVE_INFINITY] as const

/** Signs for states, in addition to colors, in large cells. */
export type Sign = 'cross' | 'ring' | 'bars'

/** Colors of a matrix, distinguishable with color blindness and in gray, where lightness follows the time. */
export interface Palette {
  /** From fast to slow. */
  readonly times: readonly string[]
  readonly states: Readonly<Record<Exclude<Cell['state'], 'reached'>, string>>
  readonly line: string
  readonly text: string
  readonly signs: Readonly<Record<Sign, string>>
}

const LIGHT: Palette = {
  times: ['#deebf7', '#c6dbef', '#9ecae1', '#6baed6', '#4292c6', '#2171b5', '#084594'],
  states: { own: '#ffffff', closed: '#ebebeb', missing: '#d55e00', open: '#cc79a7', shared: '#f0e442', cut: '#009e73' },
  line: '#8c959f',
  text: '#1f2328',
  signs: { cross: '#ffffff', ring: '#000000', bars: '#000000' },
}

/** On a dark background, slow pairs are light, to stand out. */
const DARK: Palette = {
  times: ['#0b2a4a', '#0f3d6b', '#17558f', '#2a72b5', '#4a90d0', '#82b6e4', '#c3def5'],
  states: { own: '#161b22', closed: '#2d333b', missing: '#e8711a', open: '#d98cb8', shared: '#f0e442', cut: '#2bb68d' },
  line: '#6e7681',
  text: '#e6edf3',
  signs: { cross: '#000000', ring: '#000000', bars: '#000000' },
}

export const paletteFor = (dark: boolean): Palette => (dark ? DARK : LIGHT)

export function colorOf({ state, mean }: Cell, { times, states }: Palette): string {
  if (state !== 'reached') return states[state]
  return times[LIMITS.findIndex(limit => (mean ?? 0) < limit)] ?? states.closed
}

export const signOf = ({ state }: Cell): Sign | undefined => SIGNS[state]

const SIGNS: Partial<Readonly<Record<Cell['state'], Sign>>> = {
  missing: 'cross',
  open: 'ring',
  shared: 'bars',
  cut: 'bars',
}

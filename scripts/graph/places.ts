export const FONT = 11
/** Height of a line of text. */
export const LINE = FONT + 3
/** Distance between boxes. */
export const GAP = 14

/** Where a box is. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const attributes = ({ x, y, width, height }: Place): string =>
  `x="${x}" y="${y}" width="${width}" height="${height}"`

/**
 * The vertical line from a box to a net: its x, and the path above it.
 * @param isPod other interfaces are below a POD, so the line begins beside its box
 */
export const dropFrom = (
  { x, y, width, height }: Place,
  isPod: boolean,
): { readonly x: number; readonly begin: string } => {
  const beside = x + width + GAP / 2
  if (isPod) return { x: beside, begin: `M${x + width} ${y + LINE}H${beside}` }
  return { x: x + width / 2, begin: `M${x + width / 2} ${y + height}` }
}

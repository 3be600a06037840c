/** Parameters of "Select Graphic Rendition" (ECMA-48, 8.3.117). */
export const RED = '31'
export const GREEN = '32'
export const YELLOW = '33'
export const BOLD = '1'
export const DIM = '2'

/** Puts a text into a color or weight, or leaves it as it is. */
export type Paint = (code: string, text: string) => string

/** @param color false: every text stays as it is */
export const painter =
  (color: boolean): Paint =>
  (code, text) =>
    color ? `\x1b[${code}m${text}\x1b[0m` : text

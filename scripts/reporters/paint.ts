/** Parameters of "Select Graphic Rendition" (ECMA-48, 8.3.117). */
export const RED = '31'
export const GREEN = '32'
export const YELLOW = '33'
export const BOLD = '1'
export const DIM = '2'

/** Colors a text, or returns it unchanged. */
export type Paint = (code: string, text: string) => string

/** @param color false: texts stay unchanged */
export const painter =
  (color: boolean): Paint =>
  (code, text) =>
    color ? `\x1b[${code}m${text}\x1b[0m` : text

export type Family = 4 | 6

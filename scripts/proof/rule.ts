import type { Selector } from '../settings/selectors.ts'

/** A rule of a list in which the first that matches a pair of PODs decides. */
export interface Rule {
  readonly from?: Selector
  readonly to?: Selector
  readonly expect: 'reply' | 'refused' | 'silent'
}

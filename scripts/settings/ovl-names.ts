import type { Sources } from './sources.ts'

/** Ovls of every cluster, besides those of the test. */
export interface OvlNames {
  /** Packed before the test's ovls. */
  readonly base: readonly string[]
  /** Packed after the test's ovls. */
  readonly more: readonly string[]
}

/** An $XOVLS with this ovl is meant for Kubernetes images, and is ignored. */
const KUBERNETES_OVL = 'private-reg'

const words = (text: string): readonly string[] => Object.freeze(text.split(/\s+/).filter(Boolean))

/** Reads $BASEOVLS and $XOVLS. */
export function readOvlNames(sources: Sources): OvlNames {
  const [base, more] = [words(sources.text('BASEOVLS', '')), words(sources.text('XOVLS', ''))]
  return Object.freeze({ base, more: more.includes(KUBERNETES_OVL) ? [] : more })
}

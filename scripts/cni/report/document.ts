import * as v from 'valibot'
import { usageFailure } from '../../errors/failure.ts'
import type { Conformance } from '../../events/conformance.ts'

/** Incremented by incompatible changes of docs/schemas/cni.schema.json. */
const CONFORMANCE_VERSION = 1

/** The results as a document of JSON. */
export const toDocument = (conformances: readonly Conformance[]): string =>
  `${JSON.stringify({ version: CONFORMANCE_VERSION, networks: conformances }, undefined, 1)}\n`

const text = v.string()
const document = v.looseObject({
  version: v.literal(CONFORMANCE_VERSION),
  networks: v.array(
    v.looseObject({
      network: text,
      file: text,
      cniVersion: text,
      plugins: v.array(text),
      checks: v.array(
        v.looseObject({
          name: text,
          level: v.picklist(['MUST', 'SHOULD']),
          section: text,
          expects: text,
          verdict: v.picklist(['passed', 'failed', 'warning', 'skipped']),
          why: v.optional(text),
          node: text,
          milliseconds: v.number(),
          evidence: v.array(v.looseObject({ type: text })),
        }),
      ),
    }),
  ),
})

/**
 * Reads results that {@link toDocument} wrote.
 * @param file for messages
 * @throws Failure BAD_CONFORMANCE (exit 2)
 */
export function readDocument(json: string, file: string): readonly Conformance[] {
  try {
    return v.parse(document, JSON.parse(json)).networks as unknown as readonly Conformance[]
  } catch (cause) {
    throw usageFailure('BAD_CONFORMANCE', `${file}: not results of the test cni: ${(cause as Error).message}`, {
      cause,
      hint: 'write them with --reporter cni=<file>.json',
    })
  }
}

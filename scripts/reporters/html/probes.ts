import { probeName } from '../../proof/rules/probe.ts'
import { describeMatrix, describeSpread, type RuleProof } from '../../proof/rules/report.ts'
import { probeSvg } from '../../proof/rules/svg.ts'
import type { DraftTest } from './draft.ts'
import { pack } from './packed.ts'

/** The pictures of a proof by rules. */
export const picturesOf = (test: string, text: string, proof: RuleProof): NonNullable<DraftTest['probes']> => ({
  text,
  pictures: proof.matrices.map(matrix => ({
    title: probeName(matrix.probe),
    text: describeMatrix(matrix),
    hasWrong: matrix.wrong.length + matrix.unproved.length > 0,
    picture: pack(probeSvg(test, matrix)),
  })),
  lines: proof.spreads.map(describeSpread),
})

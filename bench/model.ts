import os from 'node:os'
import type { Clusters } from './clusters.ts'

export interface Line {
  readonly base: number
  readonly each: number
}

/**
 * Fits a line by least squares.
 * @param points at least two pairs of x and y
 */
export function fitLine(points: readonly (readonly [number, number])[]): Line {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map(point => point[0])), mean(points.map(point => point[1]))]
  const covariance = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0)
  const each = covariance / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
  return { base: y - each * x, each }
}

/** Measurements and fitted lines as Markdown. */
export function model({ sizes, pods }: Clusters): string {
  const time = fitLine(sizes.map(({ nodes, seconds }) => [nodes, seconds]))
  const memory = fitLine(sizes.map(({ nodes, memoryMiB }) => [nodes, memoryMiB]))
  const podTime = fitLine(pods.map(point => [point.pods, point.seconds]))
  const podMemory = fitLine(pods.map(point => [point.pods, point.memoryMiB]))
  const cores = os.availableParallelism()
  return [
    '| nodes | seconds until login on all nodes | predicted | total MiB | predicted |',
    '|---|---|---|---|---|',
    ...sizes.map(({ nodes, seconds, memoryMiB }) => row(nodes, seconds, at(time, nodes), memoryMiB, at(memory, nodes))),
    '',
    `start of n nodes ≈ ${formula(time, memory, 'n')}; ${(time.each * cores).toFixed(2)} s of CPU time each`,
    '',
    '| PODs on each of 4 nodes | seconds of `bridge` without the start | predicted | total MiB | predicted |',
    '|---|---|---|---|---|',
    ...pods.map(({ pods: count, seconds, memoryMiB }) =>
      row(count, seconds, at(podTime, count), memoryMiB, at(podMemory, count)),
    ),
    '',
    `\`bridge\` with p PODs on each of 4 nodes ≈ ${formula(podTime, podMemory, 'p')}`,
  ].join('\n')
}

const at = ({ base, each }: Line, x: number): number => base + each * x

const row = (count: number, seconds: number, predicted: number, memoryMiB: number, predictedMiB: number): string => {
  const cells = [count, seconds.toFixed(2), predicted.toFixed(2), memoryMiB.toFixed(0), predictedMiB.toFixed(0)]
  return `| ${cells.join(' | ')} |`
}

const formula = (time: Line, memory: Line, variable: string): string =>
  `${time.base.toFixed(2)} s + ${variable} × ${time.each.toFixed(3)} s; ` +
  `${memory.base.toFixed(0)} MiB + ${variable} × ${memory.each.toFixed(1)} MiB`

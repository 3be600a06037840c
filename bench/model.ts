import os from 'node:os'
import type { Clusters } from './clusters.ts'

/** A straight line through points, by least squares. */
export interface Line {
  readonly base: number
  readonly each: number
}

/** @param points pairs of x and y, two at the least */
export function lineThrough(points: readonly (readonly [number, number])[]): Line {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(points.map(point => point[0])), mean(points.map(point => point[1]))]
  const covariance = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0)
  const each = covariance / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
  return { base: y - each * x, each }
}

/** What was measured of several sizes as Markdown: the points, and the lines through them. */
export function model({ sizes, pods }: Clusters): string {
  const time = lineThrough(sizes.map(({ nodes, seconds }) => [nodes, seconds]))
  const memory = lineThrough(sizes.map(({ nodes, memoryMiB }) => [nodes, memoryMiB]))
  const podTime = lineThrough(pods.map(point => [point.pods, point.seconds]))
  const podMemory = lineThrough(pods.map(point => [point.pods, point.memoryMiB]))
  const cores = os.availableParallelism()
  return [
    '| nodes | seconds until all are logged in to | by the line | MiB of all | by the line |',
    '|---|---|---|---|---|',
    ...sizes.map(
      ({ nodes, seconds, memoryMiB }) =>
        `| ${nodes} | ${seconds.toFixed(2)} | ${at(time, nodes).toFixed(2)} | ${memoryMiB.toFixed(0)} | ${at(memory, nodes).toFixed(0)} |`,
    ),
    '',
    `start of n nodes ≈ ${time.base.toFixed(2)} s + n × ${time.each.toFixed(3)} s (${(time.each * cores).toFixed(2)} s of one of ${cores} CPUs each); ${memory.base.toFixed(0)} MiB + n × ${memory.each.toFixed(1)} MiB`,
    '',
    '| PODs in each of 4 nodes | seconds of `bridge` without the start | by the line | MiB of all | by the line |',
    '|---|---|---|---|---|',
    ...pods.map(
      ({ pods: count, seconds, memoryMiB }) =>
        `| ${count} | ${seconds.toFixed(2)} | ${at(podTime, count).toFixed(2)} | ${memoryMiB.toFixed(0)} | ${at(podMemory, count).toFixed(0)} |`,
    ),
    '',
    `\`bridge\` with p PODs in each of 4 nodes ≈ ${podTime.base.toFixed(2)} s + p × ${podTime.each.toFixed(3)} s; ${podMemory.base.toFixed(0)} MiB + p × ${podMemory.each.toFixed(1)} MiB`,
  ].join('\n')
}

const at = ({ base, each }: Line, x: number): number => base + each * x

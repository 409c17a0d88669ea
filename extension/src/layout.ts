/** Where the steps and edges of a pipeline are drawn: by dagre, from top to bottom. */

import { Graph, layout as place } from '@dagrejs/dagre';

import { IEdge, IStep } from './protocol';

export interface INode {
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface ILink {
  edge: IEdge;
  points: { x: number; y: number }[];
}

export interface ILayout {
  nodes: INode[];
  links: ILink[];
  width: number;
  height: number;
}

const LINE = 14;
const NARROWEST = 48;
const LETTER = 6.7;
const LONGEST = 14;

/** The lines of a node's text: a long name in two, each shortened to what it has room for. */
export function linesOf(name: string): string[] {
  if (name.length <= 9) {
    return [name];
  }
  // where it is cut: behind the underscore that leaves the longer of the two lines shortest
  let best = [name];
  for (let i = name.indexOf('_'); i >= 0; i = name.indexOf('_', i + 1)) {
    const parts = [name.slice(0, i + 1), name.slice(i + 1)];
    if (i > 0 && longest(parts) < longest(best)) {
      best = parts;
    }
  }
  return best.map(line =>
    line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line
  );
}

function longest(lines: readonly string[]): number {
  return Math.max(...lines.map(line => line.length));
}

/** The layout of a pipeline; several edges between two steps are one link. */
export function layoutOf(
  steps: readonly Pick<IStep, 'name'>[],
  edges: readonly IEdge[]
): ILayout {
  // dagre gives an empty graph the size -Infinity
  if (steps.length === 0) {
    return { nodes: [], links: [], width: 0, height: 0 };
  }
  // dagre keeps nodes in plain objects, where a step must not be called `constructor`
  const ids = new Map(steps.map(({ name }, i) => [name, `step-${i}`]));
  const graph = new Graph();
  graph.setGraph({ nodesep: 8, ranksep: 26, marginx: 6, marginy: 6 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [name, id] of ids) {
    const lines = linesOf(name);
    const width = Math.max(NARROWEST, 16 + longest(lines) * LETTER);
    graph.setNode(id, { width, height: 12 + lines.length * LINE });
  }
  // dagre makes a node of what it does not know
  const known = mergedEdges(edges).flatMap(edge => {
    const [source, target] = [ids.get(edge.source), ids.get(edge.target)];
    return source && target ? [{ edge, source, target }] : [];
  });
  for (const { source, target } of known) {
    graph.setEdge(source, target);
  }
  place(graph);
  const size = graph.graph() as { width?: number; height?: number };
  return {
    nodes: [...ids].map(([name, id]) => {
      const { x, y, width, height } = graph.node(id) as unknown as INode;
      return { name, x, y, width, height };
    }),
    links: known.map(({ edge, source, target }) => ({
      edge,
      points: (graph.edge(source, target) as unknown as Pick<ILink, 'points'>).points
    })),
    width: size.width ?? 0,
    height: size.height ?? 0
  };
}

/** One edge for each two steps, the graver kind first: data before resources before control. */
export function mergedEdges(edges: readonly IEdge[]): IEdge[] {
  const found = new Map<string, IEdge>();
  for (const edge of edges) {
    const key = JSON.stringify([edge.source, edge.target]);
    const before = found.get(key);
    found.set(
      key,
      before === undefined
        ? edge
        : {
            ...before,
            kind: before.kind === 'data' || edge.kind === 'data' ? 'data' : before.kind,
            values: [...before.values, ...edge.values],
            resources: [...before.resources, ...edge.resources],
            evidence: [...before.evidence, ...edge.evidence]
          }
    );
  }
  return [...found.values()];
}

/** The path of a link: straight lines with rounded corners. */
export function pathOf(points: readonly { x: number; y: number }[]): string {
  if (points.length < 2) {
    return '';
  }
  const [first, ...rest] = points;
  let path = `M${round(first.x)},${round(first.y)}`;
  for (let i = 0; i < rest.length - 1; i++) {
    const middle = {
      x: (rest[i].x + rest[i + 1].x) / 2,
      y: (rest[i].y + rest[i + 1].y) / 2
    };
    const end = i === rest.length - 2 ? rest[i + 1] : middle;
    path += `Q${round(rest[i].x)},${round(rest[i].y)} ${round(end.x)},${round(end.y)}`;
  }
  if (rest.length === 1) {
    path += `L${round(rest[0].x)},${round(rest[0].y)}`;
  }
  return path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

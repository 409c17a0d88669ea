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

const HEIGHT = 26;
const NARROWEST = 56;
const WIDEST = 150;
const LETTER = 6.7;

/** The text of a node, shortened to what it has room for. */
export function shortened(name: string): string {
  const most = Math.floor((WIDEST - 20) / LETTER);
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
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
  const graph = new Graph();
  graph.setGraph({ nodesep: 12, ranksep: 26, marginx: 6, marginy: 6 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const step of steps) {
    const wanted = 20 + shortened(step.name).length * LETTER;
    const width = Math.max(NARROWEST, Math.min(WIDEST, wanted));
    graph.setNode(step.name, { width, height: HEIGHT });
  }
  const merged = mergedEdges(edges);
  for (const edge of merged) {
    // dagre makes a node of what it does not know
    if (graph.hasNode(edge.source) && graph.hasNode(edge.target)) {
      graph.setEdge(edge.source, edge.target);
    }
  }
  place(graph);
  const size = graph.graph() as { width?: number; height?: number };
  return {
    nodes: steps.map(({ name }) => {
      const node = graph.node(name) as unknown as INode;
      const { x, y, width, height } = node;
      return { name, x, y, width, height };
    }),
    links: merged
      .filter(edge => graph.hasEdge(edge.source, edge.target))
      .map(edge => ({
        edge,
        points: (
          graph.edge(edge.source, edge.target) as unknown as {
            points: { x: number; y: number }[];
          }
        ).points
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

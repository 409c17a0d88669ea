import { layoutOf, linesOf, mergedEdges, pathOf } from '../layout';
import { IEdge } from '../protocol';

function edge(source: string, target: string, more: Partial<IEdge> = {}): IEdge {
  return { source, target, kind: 'data', values: [], resources: [], evidence: [], ...more };
}

describe('layoutOf', () => {
  it('is empty, and not infinite, where there are no steps', () => {
    expect(layoutOf([], [edge('a', 'b')])).toEqual({
      nodes: [],
      links: [],
      width: 0,
      height: 0
    });
  });

  it('puts a step below those that it waits for', () => {
    const { nodes, links } = layoutOf([{ name: 'a' }, { name: 'b' }], [edge('a', 'b')]);
    expect(nodes.map(node => node.name)).toEqual(['a', 'b']);
    expect(nodes[0].y).toBeLessThan(nodes[1].y);
    expect(links).toHaveLength(1);
  });

  it('makes no step of an edge to what is none', () => {
    const { nodes, links } = layoutOf(
      [{ name: 'a' }],
      [edge('a', 'gone'), edge('new', 'a')]
    );
    expect(nodes).toHaveLength(1);
    expect(links).toHaveLength(0);
  });

  it('takes names that are properties of every object', () => {
    const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty'];
    const { nodes } = layoutOf(
      names.map(name => ({ name })),
      [edge('constructor', 'toString')]
    );
    expect(nodes.every(node => Number.isFinite(node.x) && Number.isFinite(node.y))).toBe(
      true
    );
  });

  it('lays out two hundred steps', () => {
    const steps = Array.from({ length: 200 }, (_, i) => ({ name: `step_${i}` }));
    const edges = steps.slice(1).map((s, i) => edge(`step_${i}`, s.name));
    expect(layoutOf(steps, edges).nodes).toHaveLength(200);
  });
});

describe('mergedEdges', () => {
  it('is one edge for two steps, with all that it carries', () => {
    const merged = mergedEdges([
      edge('a', 'b', { kind: 'resource', resources: ['file:x'] }),
      edge('a', 'b', { values: ['x'] })
    ]);
    expect(merged).toEqual([edge('a', 'b', { values: ['x'], resources: ['file:x'] })]);
  });
});

describe('linesOf', () => {
  it('cuts a long name in two where the lines are shortest', () => {
    expect(linesOf('load')).toEqual(['load']);
    expect(linesOf('load_the_sales')).toEqual(['load_', 'the_sales']);
    expect(linesOf('against_the_month_before')).toEqual(['against_the_', 'month_before']);
  });

  it('shortens what is too long for a line', () => {
    expect(linesOf('x'.repeat(40))[0]).toHaveLength(14);
  });
});

describe('pathOf', () => {
  it('begins and ends where the link does', () => {
    const path = pathOf([
      { x: 0, y: 0 },
      { x: 5, y: 5 },
      { x: 10, y: 20 }
    ]);
    expect(path.startsWith('M0,0')).toBe(true);
    expect(path.endsWith('10,20')).toBe(true);
    expect(pathOf([{ x: 1, y: 1 }])).toBe('');
    expect(
      pathOf([
        { x: 0, y: 0 },
        { x: 4, y: 4 }
      ])
    ).toBe('M0,0L4,4');
  });
});

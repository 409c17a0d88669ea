/** The drawing of a pipeline: it fits the panel, is panned and zoomed, and each step and edge can be chosen. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { colourOf } from './colours';
import { ILayout, layoutOf, linesOf, mergedEdges, pathOf } from './layout';
import { IAnalysis, IEdge, INote } from './protocol';
import { named, wordsOfStatus } from './words';

interface IView {
  x: number;
  y: number;
  scale: number;
}

export interface IGraphProps {
  analysis: IAnalysis;
  trans: TranslationBundle;
  chosenStep: string | null;
  chosenEdge: string | null;
  statusOf: (step: string) => string;
  onStep: (step: string) => void;
  onEdge: (edge: IEdge) => void;
}

/** By what an edge is known among those of its pipeline. */
export function keyOf(edge: IEdge): string {
  return JSON.stringify([edge.source, edge.target]);
}

/** What an edge carries, in words. */
export function labelOf(
  edge: IEdge,
  words: Record<string, INote>,
  trans: TranslationBundle
): string {
  const names = [...edge.values, ...edge.resources];
  const what = names.map(name => named(name, words, trans)).join(', ');
  return what
    ? trans.__('%1 from %2 to %3', what, edge.source, edge.target)
    : trans.__('%1 before %2', edge.source, edge.target);
}

const TALLEST = 360;
const SMALLEST = 0.62;

export function Graph(props: IGraphProps): React.ReactElement | null {
  const { analysis, trans } = props;
  const structure = JSON.stringify([
    analysis.steps.map(step => step.name),
    analysis.edges.map(edge => [edge.source, edge.target, edge.kind])
  ]);
  // a layout is dear, and most of what one types leaves the steps and edges as they are
  const places = React.useMemo<ILayout>(
    () => layoutOf(analysis.steps, analysis.edges),
    [structure]
  );
  const fresh = new Map(
    mergedEdges(analysis.edges).map(edge => [keyOf(edge), edge] as const)
  );
  const frame = React.useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const fitting = Math.min(1, places.width > 0 ? width / places.width : 1);
  const [moved, setMoved] = React.useState<IView | null>(null);
  React.useEffect(() => setMoved(null), [structure]);
  const scale = moved?.scale ?? Math.max(fitting, SMALLEST);
  const height = Math.max(
    60,
    Math.min(TALLEST, places.height * Math.max(fitting, SMALLEST))
  );
  const start = {
    x: (places.width - width / scale) / 2,
    y: 0
  };
  const view: IView = moved ?? { ...start, scale };
  const zoom = (factor: number, at?: { x: number; y: number }) => {
    const next = Math.min(3, Math.max(0.1, view.scale * factor));
    const point = at ?? { x: width / 2, y: height / 2 };
    setMoved({
      x: view.x + point.x / view.scale - point.x / next,
      y: view.y + point.y / view.scale - point.y / next,
      scale: next
    });
  };
  const pan = (x: number, y: number) =>
    setMoved({ ...view, x: view.x + x / view.scale, y: view.y + y / view.scale });
  useWheel(frame, (event, at) => zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, at));
  const drag = useDrag((x, y) => pan(-x, -y));
  const onKey = (event: React.KeyboardEvent) => {
    const steps: Record<string, () => void> = {
      ArrowLeft: () => pan(-40, 0),
      ArrowRight: () => pan(40, 0),
      ArrowUp: () => pan(0, -40),
      ArrowDown: () => pan(0, 40),
      '+': () => zoom(1.25),
      '=': () => zoom(1.25),
      '-': () => zoom(0.8),
      '0': () => setMoved(null)
    };
    const step = event.ctrlKey || event.metaKey || event.altKey ? null : steps[event.key];
    if (step) {
      step();
      event.preventDefault();
      event.stopPropagation();
    }
  };
  if (places.nodes.length === 0) {
    return <p className="jp-nb2pipe-quiet">{trans.__('There are no steps yet.')}</p>;
  }
  const numbers = new Map(analysis.steps.map((step, i) => [step.name, i]));
  return (
    <div className="jp-nb2pipe-graph" ref={frame}>
      <svg
        role="group"
        aria-label={trans.__(
          'The pipeline: %1 steps, %2 edges. Arrows move the drawing, plus and minus change its size, 0 fits it.',
          places.nodes.length,
          places.links.length
        )}
        width={width}
        height={height}
        viewBox={`${view.x} ${view.y} ${width / view.scale} ${height / view.scale}`}
        onKeyDown={onKey}
        {...drag}
      >
        <defs>
          {['', '-chosen'].map(kind => (
            <marker
              key={kind}
              id={`jp-nb2pipe-arrow${kind}`}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="7"
              markerHeight="7"
              orient="auto"
            >
              <path d="M0,0L8,4L0,8z" className={`jp-nb2pipe-arrow${kind}`} />
            </marker>
          ))}
        </defs>
        {places.links.map(({ edge: known, points }) => {
          const edge = fresh.get(keyOf(known)) ?? known;
          const chosen = props.chosenEdge === keyOf(edge);
          const path = pathOf(points);
          return (
            <g
              key={keyOf(edge)}
              role="button"
              tabIndex={0}
              aria-pressed={chosen}
              aria-label={labelOf(edge, analysis.words, trans)}
              className={`jp-nb2pipe-edge jp-mod-${edge.kind}${chosen ? ' jp-mod-chosen' : ''}`}
              onClick={() => props.onEdge(edge)}
              onKeyDown={onEnter(() => props.onEdge(edge))}
            >
              <title>{labelOf(edge, analysis.words, trans)}</title>
              <path d={path} className="jp-nb2pipe-hit" />
              <path
                d={path}
                className="jp-nb2pipe-link"
                markerEnd={`url(#jp-nb2pipe-arrow${chosen ? '-chosen' : ''})`}
              />
            </g>
          );
        })}
        {places.nodes.map(node => {
          const status = props.statusOf(node.name);
          const chosen = props.chosenStep === node.name;
          const classes = [
            'jp-nb2pipe-node',
            `jp-nb2pipe-colour-${colourOf(numbers.get(node.name) ?? 0)}`,
            status && `jp-mod-${status}`,
            chosen && 'jp-mod-chosen'
          ];
          const said = status
            ? trans.__('Step %1, %2', node.name, wordsOfStatus(status, trans))
            : trans.__('Step %1', node.name);
          return (
            <g
              key={node.name}
              role="button"
              tabIndex={0}
              aria-pressed={chosen}
              aria-label={said}
              className={classes.filter(Boolean).join(' ')}
              transform={`translate(${node.x - node.width / 2},${node.y - node.height / 2})`}
              onClick={() => props.onStep(node.name)}
              onKeyDown={onEnter(() => props.onStep(node.name))}
            >
              <title>{said}</title>
              <rect width={node.width} height={node.height} rx="3" />
              <rect className="jp-nb2pipe-stripe" width="4" height={node.height} rx="2" />
              {linesOf(node.name).map((line, i, lines) => (
                <text
                  key={i}
                  x={node.width / 2 + 2}
                  y={node.height / 2 + (i - (lines.length - 1) / 2) * 14}
                  dominantBaseline="central"
                >
                  {line}
                </text>
              ))}
            </g>
          );
        })}
      </svg>
      <div className="jp-nb2pipe-zoom">
        <button type="button" onClick={() => zoom(1.25)} aria-label={trans.__('Larger')}>
          +
        </button>
        <button type="button" onClick={() => zoom(0.8)} aria-label={trans.__('Smaller')}>
          −
        </button>
        <button
          type="button"
          onClick={() => setMoved({ x: 0, y: 0, scale: fitting })}
          aria-label={trans.__('Show all of it')}
        >
          ⤢
        </button>
      </div>
    </div>
  );
}

function onEnter(act: () => void): (event: React.KeyboardEvent) => void {
  return event => {
    if (event.key === 'Enter' || event.key === ' ') {
      act();
      event.preventDefault();
      event.stopPropagation();
    }
  };
}

/** The width of an element, as it changes. */
function useWidth(frame: React.RefObject<HTMLElement>): number {
  const [width, setWidth] = React.useState(240);
  React.useLayoutEffect(() => {
    const element = frame.current;
    if (!element) {
      return;
    }
    const measure = () => setWidth(Math.max(120, element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame.current]);
  return width;
}

/** A wheel with Ctrl or a pinch changes the size; React's own handler could not keep the page from doing so as well. */
function useWheel(
  frame: React.RefObject<HTMLElement>,
  zoom: (event: WheelEvent, at: { x: number; y: number }) => void
): void {
  const latest = React.useRef(zoom);
  latest.current = zoom;
  React.useEffect(() => {
    const element = frame.current;
    if (!element) {
      return;
    }
    const onWheel = (event: WheelEvent) => {
      if (event.ctrlKey || event.metaKey) {
        const box = element.getBoundingClientRect();
        latest.current(event, {
          x: event.clientX - box.left,
          y: event.clientY - box.top
        });
        event.preventDefault();
      }
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [frame.current]);
}

/** Dragging, told in pixels; what is dragged is not clicked. */
function useDrag(move: (x: number, y: number) => void): React.SVGProps<SVGSVGElement> {
  const from = React.useRef<{ x: number; y: number; far: boolean } | null>(null);
  return {
    onPointerDown: event => {
      if (event.button === 0) {
        from.current = { x: event.clientX, y: event.clientY, far: false };
      }
    },
    onPointerMove: event => {
      const start = from.current;
      if (!start || event.buttons === 0) {
        return;
      }
      const [x, y] = [event.clientX - start.x, event.clientY - start.y];
      if (start.far || Math.hypot(x, y) > 3) {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, y: event.clientY, far: true };
        move(x, y);
      }
    },
    onClickCapture: event => {
      if (from.current?.far) {
        event.stopPropagation();
      }
      from.current = null;
    }
  };
}

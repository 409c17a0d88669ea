/**
 * The table of contents: behind each heading the steps that begin below it, in the colour of the first; the steps
 * themselves where a notebook has no headings.
 */

import { Cell } from '@jupyterlab/cells';
import { ITableOfContentsTracker, TableOfContents } from '@jupyterlab/toc';
import { VDomModel } from '@jupyterlab/ui-components';

import { colourOf } from './colours';
import { IAnalysis } from './protocol';
import { Session } from './session';

const STEPS = 'data-nb2pipe-steps';
const COLOUR = 'data-nb2pipe-colour';
/** What an entry has that stands for a step itself. */
const STEP = 'data-nb2pipe-step';

type Heading = TableOfContents.IHeading & { cellRef?: Cell };

/** A model of contents as JupyterLab's own classes have it: how it finds its headings is not of its interface. */
interface IContents extends TableOfContents.Model {
  getHeadings(): Promise<Heading[] | null>;
  refresh(): Promise<void>;
}

/** Show the steps of a notebook in its table of contents, as long as `wanted` says so. */
export function showInContents(
  session: Session,
  tracker: ITableOfContentsTracker,
  wanted: () => boolean
): void {
  let known: IContents | null = null;
  let listed = '';
  const steps = () =>
    wanted() && session.analysis && !session.isDisposed ? beginnings(session.analysis) : [];
  const show = () => {
    if (session.isDisposed) {
      return;
    }
    const model = tracker.get(session.panel) as IContents | null;
    if (model && model !== known) {
      known?.headingsChanged.disconnect(show);
      model.headingsChanged.connect(show);
      known = model;
      fill(model, () => entries(session.panel.content.widgets, steps()));
    }
    const here = steps();
    const places = session.panel.content.widgets.map(cell => cell.model.id);
    if (model && JSON.stringify(here) !== listed) {
      listed = JSON.stringify(here);
      void model.refresh();
    }
    // as JupyterLab itself marks headings whose cells run
    if (model && mark(model.headings, places, here) && model instanceof VDomModel) {
      model.stateChanged.emit();
    }
  };
  session.changed.connect(show);
}

interface IBeginning {
  name: string;
  cell: string;
  colour: number;
}

/** Where each step begins, by the id of the cell. */
function beginnings(analysis: IAnalysis): IBeginning[] {
  return analysis.steps.map((step, number) => ({
    name: step.name,
    cell: analysis.ids[step.cells[0]],
    colour: colourOf(number)
  }));
}

/** Have a model list other headings where it finds none. */
function fill(model: IContents, others: () => Heading[]): void {
  const find = model.getHeadings.bind(model);
  model.getHeadings = async () => {
    const found = await find();
    return found?.length === 0 ? others() : found;
  };
}

/** The steps as headings, which lead to the cells in which they begin. */
function entries(cells: readonly Cell[], steps: readonly IBeginning[]): Heading[] {
  const places = new Map(cells.map(cell => [cell.model.id, cell]));
  return steps
    .filter(step => places.has(step.cell))
    .map(step => ({
      text: step.name,
      level: 1,
      cellRef: places.get(step.cell),
      type: Cell.HeadingType.HTML,
      id: '',
      isRunning: 0,
      dataset: { [STEP]: step.name, [COLOUR]: String(step.colour) }
    }));
}

/** Mark headings with the steps that begin between them and the next; whether any is marked otherwise than before. */
export function mark(
  headings: readonly Heading[],
  cells: readonly string[],
  steps: readonly IBeginning[]
): boolean {
  const places = new Map(cells.map((id, place) => [id, place]));
  const tops = headings.map(heading => places.get(heading.cellRef?.model.id ?? '') ?? -1);
  const found = new Map<number, IBeginning[]>();
  for (const step of steps) {
    const place = places.get(step.cell) ?? -1;
    const top = tops.reduce(
      (last, known, i) => (known >= 0 && known <= place ? i : last),
      -1
    );
    found.set(top, [...(found.get(top) ?? []), step]);
  }
  let changed = false;
  headings.forEach((heading, i) => {
    if (heading.dataset?.[STEP]) {
      return;
    }
    const here = found.get(i) ?? [];
    const names = here.map(step => step.name).join(', ');
    const colour = here.length > 0 ? String(here[0].colour) : '';
    const {
      [STEPS]: names0 = '',
      [COLOUR]: colour0 = '',
      ...others
    } = heading.dataset ?? {};
    if (names !== names0 || colour !== colour0) {
      heading.dataset = names ? { ...others, [STEPS]: names, [COLOUR]: colour } : others;
      changed = true;
    }
  });
  return changed;
}

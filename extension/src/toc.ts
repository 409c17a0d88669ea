/** The table of contents: behind each heading the steps that begin below it, in the colour of the first. */

import { Cell } from '@jupyterlab/cells';
import { ITableOfContentsTracker, TableOfContents } from '@jupyterlab/toc';
import { VDomModel } from '@jupyterlab/ui-components';

import { colourOf } from './colours';
import { IAnalysis } from './protocol';
import { Session } from './session';

const STEPS = 'data-nb2pipe-steps';
const COLOUR = 'data-nb2pipe-colour';

/** Show the steps of a notebook in its table of contents, as long as `wanted` says so. */
export function showInContents(
  session: Session,
  tracker: ITableOfContentsTracker,
  wanted: () => boolean
): void {
  let known: TableOfContents.Model | null = null;
  const show = () => {
    if (session.isDisposed) {
      return;
    }
    const model = tracker.get(session.panel);
    if (model !== known) {
      known?.headingsChanged.disconnect(show);
      model?.headingsChanged.connect(show);
      known = model;
    }
    const places = session.panel.content.widgets.map(cell => cell.model.id);
    const steps = wanted() && session.analysis ? beginnings(session.analysis) : [];
    // as JupyterLab itself marks headings whose cells run
    if (model && mark(model.headings, places, steps) && model instanceof VDomModel) {
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

/** Mark headings with the steps that begin between them and the next; whether any is marked otherwise than before. */
export function mark(
  headings: readonly (TableOfContents.IHeading & { cellRef?: Cell })[],
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
